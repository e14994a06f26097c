/** Runs trials on brokers in turn (A B A B …), and keeps what each round told. */
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
  /** When so much time has gone the trials that are left get one round each. */
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
    const own: Broker[] = [];
    const taking: Broker[] = [];
    for (const [product, setting] of placesOf(trial, options.products)) {
      const key = `${product} ${setting}`;
      if (trial.ownBrokers !== undefined) {
        own.push(await brokers.start(product, setting, brokers[trial.ownBrokers]));
      } else if (!shared.has(key)) shared.set(key, await brokers.start(product, setting));
      taking.push(trial.ownBrokers === undefined ? shared.get(key)! : own.at(-1)!);
    }
    const isLate = performance.now() - startedMs > options.budgetMs;
    const found = await measure(trial, taking, isLate ? 1 : trial.rounds);
    for (const broker of own) await brokers.stop(broker);
    all.push(...found);
    options.onFound(trial, found);
  }
  return all;
}

function placesOf(trial: Trial, products: readonly Product[]): [Product, Setting][] {
  const wanted = products.filter((product) => trial.products?.includes(product) ?? true);
  return trial.settings.flatMap((setting) =>
    wanted.filter((product) => product === "regroup" || setting !== "memory").map((it) => [it, setting] as const),
  ) as [Product, Setting][];
}

async function measure(trial: Trial, brokers: readonly Broker[], rounds: number): Promise<Found[]> {
  const found = brokers.map(({ product, setting }): Found => {
    return { trial: trial.id, product, setting, values: {}, cpuMs: [] };
  });
  for (const broker of brokers) await trial.prepare?.(broker, `bench-${trial.id}`);
  for (let round = 0; round < rounds; round++) {
    for (const [at, broker] of brokers.entries()) await measureOnce(trial, broker, found[at]!);
  }
  return found;
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
