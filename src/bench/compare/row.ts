import type { RunLoad } from "../load/loads.ts";
import type { Broker, Product, Setting } from "./brokers.ts";

/** What regroup's figure is held against: a share of Kafka's in the same run, or a figure of its own. */
export interface Target {
  readonly ratio?: number;
  readonly value?: number;
}

/** One line of the table for each setting. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly better: "more" | "less";
  /** Each is measured in its own way: there is no ratio. */
  readonly isUnlike?: true;
  readonly targets?: Partial<Record<Setting, Target>>;
}

/** What a trial sees of the broker that has its turn. */
export type Measured = Pick<Broker, "product" | "server" | "pid" | "stop" | "kill" | "startAgain">;

/** What the machine does at the same moment without a broker: measured in each round, before the brokers' turns. */
export interface OfMachine<F extends string = string> {
  readonly figures: Readonly<Record<F, Figure>>;
  /** @param folder on the disk of the brokers' data. */
  readonly measure: (folder: string, run: RunLoad) => Promise<Readonly<Record<NoInfer<F>, number>>>;
}

/** One measurement that tells one or more figures. */
export interface Trial<F extends string = string> {
  readonly id: string;
  /** Of the matrix: the part of its page, with which the figures' names begin. */
  readonly load?: string;
  readonly settings: readonly Setting[];
  /** Without it both; nothing but regroup keeps all in memory. */
  readonly products?: readonly Product[];
  /** Turns that each broker gets if there is time; medians count. */
  readonly rounds: number;
  /** Brokers that are started for it, and serve all its rounds; else those that serve other trials, too. */
  readonly ownBrokers?: "packaged" | "source";
  /** About how long a round takes on one of its brokers: the run says beforehand how long it will take. */
  readonly seconds: number;
  readonly figures: Readonly<Record<F, Figure>>;
  readonly machine?: OfMachine;
  /** Its broker has a round of each of these behind it, one that does not count where this run has not had it. */
  readonly after?: readonly Trial[];
  /** So long nobody has used the broker when its turn comes. */
  readonly idleMs?: number;
  /** Once for each broker. */
  readonly prepare?: (broker: Measured, name: string, run: RunLoad) => Promise<unknown>;
  /** @param name new each time, for topics and groups. @returns by figure; NaN: cannot be measured there. */
  readonly measure: (broker: Measured, name: string, run: RunLoad) => Promise<Readonly<Record<NoInfer<F>, number>>>;
}

/** What it tells, for a list of all. */
export function wordsOf({ figures }: Trial): string {
  const [first, ...others] = Object.values(figures).map(({ what }) => what);
  return others.length === 0 ? first! : `${first}, …`;
}

/** Infers the names of a trial's figures. */
export function trial<F extends string>(it: Trial<F>): Trial<F> {
  return it;
}
