/** Runs trials on brokers in turn (A B A B …), and keeps what each round told. */
import { setTimeout as pause } from "node:timers/promises";
import { cpuMs } from "../load/process.ts";
import { type Broker, Brokers, type Product, type Setting } from "./brokers.ts";
import type { Trial } from "./row.ts";

/** All rounds of one trial on one broker. */
export interface Found {
  readonly trial: string;
  readonly product: Product;
  readonly setting: Setting;
  /** By figure, a value for each round. */
  readonly values: Record<string, number[]>;
  /** The broker's, for each round that it lived through. */
  readonly cpuMs: number[];
}

export interface MeasureOptions {
  readonly products: readonly Product[];
  /** When half of it has gone the trials that are left get two rounds each at most; when all has, none. */
  readonly budgetMs: number;
  readonly onFound: (trial: Trial, found: readonly Found[]) => void;
}

let names = 0;

export async function measureAll(trials: readonly Trial[], options: MeasureOptions): Promise<Found[]> {
  const startedMs = performance.now();
  await using brokers = await Brokers.open();
  const shared = new Map<string, Broker>();
  const all: Found[] = [];
  for (const trial of trials) {
    const share = (performance.now() - startedMs) / options.budgetMs;
    if (share > 1) {
      console.error(`${trial.id}: not measured, the time is over (--minutes)`);
      continue;
    }
    const found: Found[] = [];
    const own = new Map<string, Broker>();
    // One that fails, as on a machine that has too much to do, leaves the others their turns.
    try {
      const open = await openBrokers(trial, options.products, brokers, trial.ownBrokers === undefined ? shared : own);
      await measure(trial, open, share > 0.5 ? Math.min(2, trial.rounds) : trial.rounds, found);
    } catch (error) {
      console.error(`${trial.id}:`, error);
    }
    for (const broker of own.values()) await brokers.stop(broker);
    all.push(...found);
    options.onFound(trial, found);
  }
  return all;
}

/** Those that the trial is about, started unless they run. */
async function openBrokers(
  trial: Trial,
  products: readonly Product[],
  brokers: Brokers,
  running: Map<string, Broker>,
): Promise<Broker[]> {
  const open: Broker[] = [];
  for (const [product, setting] of placesOf(trial, products)) {
    const key = `${product} ${setting}`;
    const broker = running.get(key) ?? (await brokers.start(product, setting, brokers[trial.ownBrokers ?? "packaged"]));
    running.set(key, broker);
    open.push(broker);
  }
  return open;
}

function placesOf(trial: Trial, products: readonly Product[]): [Product, Setting][] {
  const wanted = products.filter((product) => trial.products?.includes(product) ?? true);
  return trial.settings.flatMap((setting) =>
    wanted.filter((product) => product === "regroup" || setting !== "memory").map((it) => [it, setting] as const),
  ) as [Product, Setting][];
}

async function measure(trial: Trial, brokers: readonly Broker[], rounds: number, found: Found[]): Promise<void> {
  for (const { product, setting } of brokers) found.push({ trial: trial.id, product, setting, values: {}, cpuMs: [] });
  for (const broker of brokers) await within(limitMs, trial.prepare?.(broker, `bench-${trial.id}`));
  for (let round = 0; round < rounds; round++) {
    for (const [at, broker] of brokers.entries()) await within(limitMs, measureOnce(trial, broker, found[at]!));
  }
}

async function measureOnce(trial: Trial, broker: Broker, found: Found): Promise<void> {
  const { pid } = broker;
  const cpuBefore = cpuMs(pid);
  const told = await trial.measure(broker, `bench-${trial.id}-${names++}`);
  for (const figure of Object.keys(trial.figures)) {
    found.values[figure] = [...(found.values[figure] ?? []), told[figure]!];
  }
  if (broker.pid === pid) found.cpuMs.push(cpuMs(pid) - cpuBefore);
}

/** The longest takes half a minute where nothing is amiss. */
const limitMs = 90_000;

/** @throws when it takes longer; it goes on then, with nobody who waits for it. */
async function within(ms: number, measuring: Promise<void> | undefined): Promise<void> {
  const over = new AbortController();
  const late = pause(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`it has not ended after ${ms / 1000} s`);
  });
  late.catch(() => undefined); // it was in time
  await Promise.race([measuring, late]);
  over.abort();
}
