/** What was measured, kept in a file while a long run goes on, so that another can go on where it ended. */
import { readFile, writeFile } from "node:fs/promises";
import type { Product, Setting } from "./brokers.ts";

/** All rounds of one trial on one broker. */
export interface Found {
  readonly trial: string;
  readonly product: Product;
  readonly setting: Setting;
  /** By figure, a value for each round; NaN for one that failed, so that rounds stand beside each other. */
  readonly values: Record<string, number[]>;
  /** The broker's, for each round that it lived through. */
  readonly cpuMs: number[];
}

export class FoundSoFar {
  readonly all: Found[];
  readonly #file: string | undefined;

  private constructor(all: Found[], file: string | undefined) {
    this.all = all;
    this.#file = file;
  }

  /** @param file begins what is found; it need not be there. */
  static async open(file?: string): Promise<FoundSoFar> {
    const text = file === undefined ? "[]" : await readFile(file, "utf8").catch(() => "[]");
    return new FoundSoFar(JSON.parse(text, (_, value) => (value === null ? Number.NaN : value)) as Found[], file);
  }

  of(trial: string): Found[] {
    return this.all.filter((found) => found.trial === trial);
  }

  /** Rounds that all brokers of a trial have had. */
  rounds(trial: string): number {
    const counts = this.of(trial).map(({ values }) => Object.values(values)[0]?.length ?? 0);
    return counts.length === 0 ? 0 : Math.min(...counts);
  }

  add(where: Pick<Found, "trial" | "product" | "setting">, told: Readonly<Record<string, number>>, cpuMs: number) {
    let found = this.all.find((it) => {
      return it.trial === where.trial && it.product === where.product && it.setting === where.setting;
    });
    if (found === undefined) {
      found = { ...where, values: {}, cpuMs: [] };
      this.all.push(found);
    }
    for (const [figure, value] of Object.entries(told)) {
      found.values[figure] = [...(found.values[figure] ?? []), value];
    }
    found.cpuMs.push(cpuMs);
  }

  async save(): Promise<void> {
    if (this.#file !== undefined) await writeFile(this.#file, `${JSON.stringify(this.all, null, 1)}\n`);
  }
}
