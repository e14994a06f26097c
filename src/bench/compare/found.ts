/** What was measured, kept in a file while a long run goes on, so that another can go on where it ended. */
import { access, constants, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Product, Setting } from "./brokers.ts";

/** Why a round has no figures. */
export interface Failure {
  readonly round: number;
  readonly reason: string;
}

/** All rounds of one trial on one broker, or without any on the machine. */
export interface Found {
  readonly trial: string;
  readonly product: Product | "machine";
  /** Of the machine the first of the trial's. */
  readonly setting: Setting;
  /** By figure, a value for each round; NaN for one that failed, so that rounds stand beside each other. */
  readonly values: Record<string, number[]>;
  /** The broker's, for each round that it lived through. */
  readonly cpuMs: number[];
  /** For each round, what the load's process took of one core, of several the busiest; NaN: there was none. */
  readonly generator: number[];
  /** For each round, the share of processor time that the host gave to others; NaN of one that failed. */
  readonly stolen: number[];
  readonly failures: Failure[];
}

/** A file of a run before there was a share of the generator. */
type FoundBefore = Omit<Found, "generator"> & Partial<Pick<Found, "generator">>;

/** By a round: see the lists of `Found`. */
export interface Used {
  readonly cpu: number;
  readonly generator: number;
  readonly stolen: number;
}

export type Where = Pick<Found, "trial" | "product" | "setting">;

interface Kept {
  /** Beside each other in all rounds. */
  readonly products: readonly Product[];
  /** That the runs so far took. */
  readonly spentMs: number;
  readonly all: Found[];
}

export class FoundSoFar {
  readonly all: Found[];
  readonly #spentBeforeMs: number;
  readonly #beganMs = performance.now();
  /** In which it is kept; undefined: in none. */
  readonly file: string | undefined;
  readonly #products: readonly Product[];

  private constructor({ products, spentMs, all }: Kept, file: string | undefined) {
    this.#products = products;
    this.all = all;
    this.#spentBeforeMs = spentMs;
    this.file = file;
  }

  /**
   * @param file begins what is found; it need not be there. A round that failed on one of its brokers is forgotten.
   * @throws when the file is of a run on other brokers, or of no run.
   */
  static async open(products: readonly Product[], file?: string): Promise<FoundSoFar> {
    const text = file === undefined ? undefined : await textIn(file);
    if (text === undefined) return new FoundSoFar({ products, spentMs: 0, all: [] }, file);
    const kept = keptIn(text);
    if (kept === undefined) {
      throw new Error(`${file}: expected what an earlier run kept there, or no file yet: name another file`);
    }
    if (kept.products.join() !== products.join()) {
      const of = kept.products.join(" and ");
      throw new Error(`${file} holds a run of ${of}, and this is one of ${products.join(" and ")}: name another file`);
    }
    return new FoundSoFar({ products, spentMs: kept.spentMs, all: withoutFailedRounds(kept.all) }, file);
  }

  /** By this run and those that it goes on from. */
  get spentMs(): number {
    return this.#spentBeforeMs + performance.now() - this.#beganMs;
  }

  of(trial: string): Found[] {
    return this.all.filter((found) => found.trial === trial);
  }

  /** Rounds that all brokers of a trial have had. */
  rounds(trial: string): number {
    const counts = this.of(trial).map(({ values }) => Object.values(values)[0]?.length ?? 0);
    return counts.length === 0 ? 0 : Math.min(...counts);
  }

  add(where: Where, told: Readonly<Record<string, number>>, used: Used): void {
    const found = this.#at(where);
    for (const [figure, value] of Object.entries(told)) {
      found.values[figure] = [...(found.values[figure] ?? []), value];
    }
    found.cpuMs.push(used.cpu);
    found.generator.push(used.generator);
    found.stolen.push(used.stolen);
  }

  /** A round of its own that tells nothing but why, so that rounds stand beside each other. */
  fail(where: Where, figures: readonly string[], reason: string): void {
    this.#at(where).failures.push({ round: Object.values(this.#at(where).values)[0]?.length ?? 0, reason });
    this.add(where, Object.fromEntries(figures.map((figure) => [figure, Number.NaN])), {
      cpu: Number.NaN,
      generator: Number.NaN,
      stolen: Number.NaN,
    });
  }

  /** In one piece: a run may be killed meanwhile. */
  async save(): Promise<void> {
    if (this.file === undefined) return;
    const kept: Kept = { products: this.#products, spentMs: this.spentMs, all: this.all };
    await writeFile(`${this.file}.new`, `${JSON.stringify(kept, null, 1)}\n`);
    await rename(`${this.file}.new`, this.file);
  }

  #at(where: Where): Found {
    const known = this.all.find((it) => {
      return it.trial === where.trial && it.product === where.product && it.setting === where.setting;
    });
    if (known !== undefined) return known;
    const found = { ...where, values: {}, cpuMs: [], generator: [], stolen: [], failures: [] };
    this.all.push(found);
    return found;
  }
}

/** @returns undefined when it is to be made. @throws where it cannot be: better now than behind the first round. */
async function textIn(file: string): Promise<string | undefined> {
  try {
    await access(dirname(file), constants.W_OK);
  } catch {
    throw new Error(`${file}: expected a folder that is there and may be written to: ${dirname(file)}`);
  }
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new Error(`${file}: expected a file that can be read (${code})`);
  }
}

/** @returns undefined when it is no run. */
function keptIn(text: string): Kept | undefined {
  try {
    const kept = JSON.parse(text, (_, value) => (value === null ? Number.NaN : value)) as Partial<Kept>;
    const isRun = Array.isArray(kept.all) && Array.isArray(kept.products) && typeof kept.spentMs === "number";
    return isRun ? (kept as Kept) : undefined;
  } catch {
    return undefined;
  }
}

/** So that they are measured again, on all brokers of the trial beside each other. */
function withoutFailedRounds(all: readonly Found[]): Found[] {
  return all.map((found) => {
    const failures = all.filter(({ trial }) => trial === found.trial).flatMap((it) => it.failures);
    const failed = new Set(failures.map(({ round }) => round));
    const left = (values: readonly number[]) => values.filter((_, round) => !failed.has(round));
    const values = Object.fromEntries(Object.entries(found.values).map(([figure, each]) => [figure, left(each)]));
    const { cpuMs, stolen, generator = cpuMs.map(() => Number.NaN) } = found as FoundBefore;
    return { ...found, values, cpuMs: left(cpuMs), generator: left(generator), stolen: left(stolen), failures: [] };
  });
}
