/** Runs trials on brokers in turn (A B A B …), in passes over all of them, and keeps what each round told. */
import { setTimeout as pause } from "node:timers/promises";
import { runLoad } from "../load/loads.ts";
import { cpuMs } from "../load/process.ts";
import { type Broker, Brokers, type Product, type Setting } from "./brokers.ts";
import type { FoundSoFar } from "./found.ts";
import type { Trial } from "./row.ts";

export interface MeasureOptions {
  readonly products: readonly Product[];
  /** When it has gone, nothing more is begun. */
  readonly budgetMs: number;
  /** @param leftMs as long as the rest will take, by what was measured up to now. */
  readonly onFound: (trial: Trial, leftMs: number) => void;
}

/** Rounds of a trial that follow each other. */
export interface Visit {
  readonly trial: Trial;
  /** That its brokers will have had after it. */
  readonly untilRound: number;
}

/**
 * Each pass is one round of every trial, so that a slow moment of the disk touches one round of a few trials, and where
 * the time ends all have about as many. Trials with brokers of their own have all their rounds in the first.
 */
export function visitsOf(trials: readonly Trial[]): Visit[] {
  const passes = Math.max(...trials.map((trial) => trial.rounds));
  return Array.from({ length: passes }, (_, pass) => pass + 1).flatMap((pass) =>
    trials.flatMap((trial) => {
      if (trial.ownBrokers !== undefined) return pass === 1 ? [{ trial, untilRound: trial.rounds }] : [];
      return trial.rounds >= pass ? [{ trial, untilRound: pass }] : [];
    }),
  );
}

export async function measureAll(trials: readonly Trial[], found: FoundSoFar, options: MeasureOptions): Promise<void> {
  await using brokers = await Brokers.open();
  leaveNothingBehind(brokers);
  const beginMs = performance.now();
  const stage = new Stage(brokers, options.products, found);
  const visits = visitsOf(trials).filter(({ trial, untilRound }) => found.rounds(trial.id) < untilRound);
  for (const [at, { trial, untilRound }] of visits.entries()) {
    const goneMs = performance.now() - beginMs;
    if (goneMs > options.budgetMs) {
      console.error(
        `The time is over (--minutes): ${visits.length - at} of ${visits.length} rounds were not measured.`,
      );
      break;
    }
    await stage.visit(trial, untilRound);
    await found.save();
    options.onFound(trial, ((performance.now() - beginMs) / (at + 1)) * (visits.length - at - 1));
  }
}

/** Kafka runs in a process group of its own: nothing but this ends it where someone, or a defect, ends the run. */
function leaveNothingBehind(brokers: Brokers): void {
  const end = () => void brokers[Symbol.asyncDispose]().finally(() => process.exit(1));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  process.once("uncaughtException", (error) => {
    console.error(error);
    end();
  });
}

let names = 0;

/** The brokers that run, and whose turn it is. */
class Stage {
  readonly #brokers: Brokers;
  readonly #products: readonly Product[];
  readonly #found: FoundSoFar;
  readonly #shared = new Map<string, Broker>();
  readonly #prepared = new WeakMap<Broker, Set<string>>();

  constructor(brokers: Brokers, products: readonly Product[], found: FoundSoFar) {
    this.#brokers = brokers;
    this.#products = products;
    this.#found = found;
  }

  async visit(trial: Trial, untilRound: number): Promise<void> {
    const own = new Map<string, Broker>();
    // One that fails, as on a machine that has too much to do, leaves the others their turns.
    try {
      const open = await this.#open(trial, trial.ownBrokers === undefined ? this.#shared : own);
      for (let round = this.#found.rounds(trial.id); round < untilRound; round++) {
        for (const broker of open) await this.#measure(trial, broker);
      }
    } catch (error) {
      console.error(`${trial.id}:`, error);
    }
    for (const broker of own.values()) await broker.stop();
  }

  /** Those that the trial is about, started unless they run. */
  async #open(trial: Trial, running: Map<string, Broker>): Promise<Broker[]> {
    const open: Broker[] = [];
    for (const [product, setting] of placesOf(trial, this.#products)) {
      const key = `${product} ${setting}`;
      const program = this.#brokers[trial.ownBrokers ?? "packaged"];
      const broker = running.get(key) ?? (await this.#brokers.start(product, setting, program));
      running.set(key, broker);
      open.push(broker);
    }
    return open;
  }

  async #measure(trial: Trial, broker: Broker): Promise<void> {
    const { product, setting, pid } = broker;
    const cpuBefore = cpuMs(pid);
    const told = await within(limitMs, this.#told(trial, broker)).catch((error: unknown) => {
      console.error(`${trial.id} on ${product}, ${setting}:`, error);
      return Object.fromEntries(Object.keys(trial.figures).map((figure) => [figure, Number.NaN]));
    });
    const cpu = broker.pid === pid ? cpuMs(pid) - cpuBefore : Number.NaN;
    this.#found.add({ trial: trial.id, product, setting }, told, cpu);
  }

  async #told(trial: Trial, broker: Broker): Promise<Record<string, number>> {
    const prepared = this.#prepared.get(broker) ?? new Set();
    this.#prepared.set(broker, prepared);
    if (!prepared.has(trial.id)) await trial.prepare?.(broker, `bench-${trial.id}`);
    prepared.add(trial.id);
    const told = await trial.measure(broker, `bench-${trial.id}-${names++}`, runLoad);
    return Object.fromEntries(Object.keys(trial.figures).map((figure) => [figure, told[figure]!]));
  }
}

function placesOf(trial: Trial, products: readonly Product[]): [Product, Setting][] {
  const wanted = products.filter((product) => trial.products?.includes(product) ?? true);
  return trial.settings.flatMap((setting) =>
    wanted.filter((product) => product === "regroup" || setting !== "memory").map((it) => [it, setting] as const),
  ) as [Product, Setting][];
}

/** The longest takes half a minute where nothing is amiss. */
const limitMs = 90_000;

/** @throws when it takes longer; it goes on then, with nobody who waits for it. */
async function within<T>(ms: number, measuring: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = pause(ms, undefined, { signal: over.signal }).then((): never => {
    throw new Error(`it has not ended after ${ms / 1000} s`);
  });
  late.catch(() => undefined); // it was in time
  try {
    return await Promise.race([measuring, late]);
  } finally {
    over.abort();
  }
}
