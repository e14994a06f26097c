/** Runs trials on brokers in turn (A B A B …), in passes over all of them, and keeps what each round told. */
import { setTimeout as pause } from "node:timers/promises";
import { type RunLoad, runLoad } from "../load/loads.ts";
import { cpuMs, isAlive } from "../load/process.ts";
import { type Broker, Brokers, type Product } from "./brokers.ts";
import { Estimate, type Place, placesOf, visitsOf } from "./estimate.ts";
import type { FoundSoFar, Used, Where } from "./found.ts";
import { untilQuiet } from "./quiet.ts";
import type { Measured, Trial } from "./row.ts";
import { calmest } from "./stolen.ts";

export interface MeasureOptions {
  readonly products: readonly Product[];
  /** When it has gone, nothing more is begun. */
  readonly budgetMs: number;
  readonly onBegin: (estimate: Estimate) => void;
  readonly onFound: (trial: Trial, estimate: Estimate) => void;
}

export async function measureAll(trials: readonly Trial[], found: FoundSoFar, options: MeasureOptions): Promise<void> {
  await using brokers = await Brokers.open();
  const beginMs = performance.now();
  const stage = new Stage(brokers, options.products, found);
  const visits = visitsOf(trials).filter(({ trial, untilRound }) => found.rounds(trial.id) < untilRound);
  const estimate = new Estimate(visits, options.products);
  leaveNothingBehind(brokers, () => {
    const { file } = found;
    const kept = file === undefined ? "a run with --resume FILE keeps them" : `--resume ${file} goes on from there`;
    console.error(`Interrupted: ${estimate.progress} rounds were measured; ${kept}.`);
  });
  options.onBegin(estimate);
  for (const [at, { trial, untilRound }] of visits.entries()) {
    if (performance.now() - beginMs > options.budgetMs) {
      console.error(
        `The time is over (--minutes): ${visits.length - at} of ${visits.length} rounds were not measured.`,
      );
      break;
    }
    await stage.visit(trial, untilRound);
    await found.save();
    estimate.visited(performance.now() - beginMs);
    options.onFound(trial, estimate);
  }
}

/** Someone ends the run: what goes wrong from then on is no failure of a round. */
let isInterrupted = false;

/** Kafka runs in a process group of its own: nothing but this ends it where someone, or a defect, ends the run. */
function leaveNothingBehind(brokers: Brokers, onInterrupted: () => void): void {
  const end = (code: number) => void brokers[Symbol.asyncDispose]().finally(() => process.exit(code));
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.on(signal, () => {
      if (isInterrupted) return; // from the terminal, and again from who started this
      isInterrupted = true;
      onInterrupted();
      end(code);
    });
  }
  process.on("uncaughtException", (error) => {
    if (failTurn !== undefined) return failTurn(error);
    if (isInterrupted) return;
    console.error(error);
    end(1);
  });
}

/** Ctrl-C is sent to the load as well, and its end may be heard of before the signal. */
const signalMs = 100;

/** Ends the turn that is under way; what nobody catches, as when a broker dies while nobody asks it, is its failure. */
let failTurn: ((error: Error) => void) | undefined;

let names = 0;

/** By figure. */
type Told = Readonly<Record<string, number>>;

interface Turn extends Pick<Used, "generator"> {
  readonly told: Told;
}

/** What a broker has been through. */
interface Life {
  readonly prepared: Set<string>;
  readonly served: Set<string>;
  usedMs: number;
}

/** The brokers that run, and whose turn it is. */
class Stage {
  readonly #brokers: Brokers;
  readonly #products: readonly Product[];
  readonly #found: FoundSoFar;
  readonly #shared = new Map<string, Broker>();
  readonly #lives = new WeakMap<Broker, Life>();

  constructor(brokers: Brokers, products: readonly Product[], found: FoundSoFar) {
    this.#brokers = brokers;
    this.#products = products;
    this.#found = found;
  }

  /** What fails, as on a machine that has too much to do, leaves the others their turns, and is told why. */
  async visit(trial: Trial, untilRound: number): Promise<void> {
    const running = trial.ownBrokers === undefined ? this.#shared : new Map<string, Broker>();
    const places = placesOf(trial, this.#products);
    // Before the first turn, so that no broker starts beside another's; one that cannot start says so at its turn.
    for (const place of places) await this.#open(trial, place, running).catch(() => undefined);
    for (let round = this.#found.rounds(trial.id); round < untilRound; round++) {
      await this.#measureMachine(trial);
      for (const place of places) await this.#measure(trial, place, running);
    }
    if (running === this.#shared) return;
    for (const broker of running.values()) {
      await broker.stop().catch((error: unknown) => console.error(`${trial.id}: ${broker.product} stays:`, error));
    }
  }

  async #open(trial: Trial, place: Place, running: Map<string, Broker>): Promise<Broker> {
    const key = place.join(" ");
    const known = running.get(key);
    if (known !== undefined && isRunning(known)) return known;
    const broker = await this.#brokers.start(...place, this.#brokers[trial.ownBrokers ?? "packaged"]);
    running.set(key, broker);
    this.#lives.set(broker, { prepared: new Set(), served: new Set(), usedMs: performance.now() });
    return broker;
  }

  async #measure(trial: Trial, place: Place, running: Map<string, Broker>): Promise<void> {
    const [product, setting] = place;
    await this.#keep({ trial: trial.id, product, setting }, Object.keys(trial.figures), async () => {
      const broker = await this.#open(trial, place, running);
      await this.#goThrough(trial.after ?? [], broker);
      const idleMs = performance.now() - this.#lives.get(broker)!.usedMs;
      if (trial.idleMs !== undefined) await pause(Math.max(0, trial.idleMs - idleMs));
      const turn = async () => {
        const { pid } = broker;
        const cpuBefore = cpuMs(pid);
        const { told, generator } = await this.#turn(trial, broker);
        return { told, generator, cpu: broker.pid === pid ? cpuMs(pid) - cpuBefore : Number.NaN };
      };
      const { told, stolen } = await calmest(turn, untilQuiet, trial.ownBrokers === undefined ? undefined : 1);
      return { ...told, stolen };
    });
  }

  /** What the broker lacks of what a trial asks for. */
  async #goThrough(trials: readonly Trial[], broker: Broker): Promise<void> {
    for (const trial of trials) {
      const isMissing = trial.settings.includes(broker.setting) && !this.#lives.get(broker)!.served.has(trial.id);
      if (!isMissing) continue;
      await this.#goThrough(trial.after ?? [], broker);
      await this.#turn(trial, broker);
    }
  }

  async #measureMachine({ id, machine, settings }: Trial): Promise<void> {
    if (machine === undefined) return;
    await this.#keep(
      { trial: id, product: "machine", setting: settings[0]! },
      Object.keys(machine.figures),
      async () => {
        return calmest(() => within(limitMs, () => machine.measure(this.#brokers.folder, runLoad)), untilQuiet);
      },
    );
  }

  /** One round, or why there is none. */
  async #keep(
    where: Where,
    figures: readonly string[],
    measure: () => Promise<{ readonly told: Told; readonly stolen: number } & Partial<Used>>,
  ): Promise<void> {
    try {
      const { told, cpu = Number.NaN, generator = Number.NaN, stolen } = await measure();
      // Between processes a NaN, as the p99 of nothing, becomes null.
      this.#found.add(where, Object.fromEntries(figures.map((figure) => [figure, told[figure] ?? Number.NaN])), {
        cpu,
        generator,
        stolen,
      });
    } catch (error) {
      await pause(signalMs);
      if (isInterrupted) await new Promise(() => undefined); // the process ends as soon as the brokers have
      console.error(`${where.trial} on ${where.product}, ${where.setting}:`, error);
      this.#found.fail(where, figures, reasonOf(error).replaceAll(this.#brokers.folder, "…"));
    }
  }

  async #turn(trial: Trial, broker: Broker): Promise<Turn> {
    const life = this.#lives.get(broker)!;
    try {
      return await within(limitMs, (over) => this.#told(trial, broker, leased(broker, over)));
    } catch (error) {
      if (error instanceof LateError) await broker.kill(); // nobody knows what its trial still does to it
      throw error;
    } finally {
      life.usedMs = performance.now();
    }
  }

  async #told(trial: Trial, broker: Broker, lease: Measured): Promise<Turn> {
    const { prepared, served } = this.#lives.get(broker)!;
    const name = () => `bench-${trial.id}-${names++}`;
    if (!prepared.has(trial.id)) await trial.prepare?.(lease, name(), runLoad);
    prepared.add(trial.id);
    const shares: number[] = [];
    const run: RunLoad = (name, options) => runLoad(name, options, (share) => shares.push(share));
    const told = await trial.measure(lease, name(), run);
    served.add(trial.id);
    return { told, generator: shares.length === 0 ? Number.NaN : Math.max(...shares) };
  }
}

/** Of a command that failed, as Kafka's start, what it said last. */
function reasonOf(error: unknown): string {
  const { message, stderr } = error as Error & { readonly stderr?: string };
  return stderr?.trim().split("\n").at(-1) || message;
}

/** One that a trial could not start again has no process, or none that is told. */
function isRunning(broker: Broker): boolean {
  try {
    return isAlive(broker.pid);
  } catch {
    return false;
  }
}

/** The longest takes half a minute where nothing is amiss. */
const limitMs = 90_000;

class LateError extends Error {
  override readonly name = "LateError";
}

/** What a trial may do to a broker, as long as it is its turn. */
function leased(broker: Broker, over: AbortSignal): Measured {
  const inTime = (act: () => Promise<void>) => async () => {
    over.throwIfAborted();
    await act();
  };
  const { product, server } = broker;
  return {
    product,
    server,
    get pid() {
      return broker.pid;
    },
    stop: inTime(broker.stop),
    kill: inTime(broker.kill),
    startAgain: inTime(broker.startAgain),
  };
}

/** @throws when it takes longer; it goes on then, with nobody who waits for it. */
async function within<T>(ms: number, measure: (over: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = pause(ms, undefined, { signal: over.signal }).then((): never => {
    throw new LateError(`it has not ended after ${ms / 1000} s`);
  });
  const failed = new Promise<never>((_, reject) => {
    failTurn = reject;
  });
  for (const it of [late, failed]) it.catch(() => undefined); // it was in time
  try {
    return await Promise.race([measure(over.signal), late, failed]);
  } finally {
    failTurn = undefined;
    over.abort();
  }
}
