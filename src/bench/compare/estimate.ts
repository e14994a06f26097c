/** How long a run will take. */
import type { Product, Setting } from "./brokers.ts";
import type { Trial } from "./row.ts";

export type Place = readonly [Product, Setting];

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

/** Where the trial is measured, in the order of the turns. */
export function placesOf(trial: Trial, products: readonly Product[]): Place[] {
  const wanted = products.filter((product) => trial.products?.includes(product) ?? true);
  return trial.settings.flatMap((setting) =>
    wanted.filter((product) => product === "regroup" || setting !== "memory").map((it) => [it, setting] as const),
  );
}

/** A broker of a trial's own is started and ended for it. */
const startSeconds = 4;

export function secondsOf({ trial, untilRound }: Visit, products: readonly Product[]): number {
  const places = placesOf(trial, products).length;
  if (trial.ownBrokers === undefined) return places * trial.seconds;
  return places * (startSeconds + untilRound * trial.seconds);
}

/** By what the trials say, and the longer the run goes on, by how true that has been. */
export class Estimate {
  readonly #products: readonly Product[];
  readonly #visits: readonly Visit[];
  #at = 0;
  #goneMs = 0;

  constructor(visits: readonly Visit[], products: readonly Product[]) {
    this.#visits = visits;
    this.#products = products;
  }

  /** @param goneMs since the run began. */
  visited(goneMs: number): void {
    this.#at++;
    this.#goneMs = goneMs;
  }

  get leftMs(): number {
    const trustMs = 120_000;
    const slower = (this.#goneMs + trustMs) / (this.#sum(0, this.#at) + trustMs);
    return this.#sum(this.#at, this.#visits.length) * slower;
  }

  get progress(): string {
    return `${this.#at} of ${this.#visits.length}`;
  }

  #sum(from: number, to: number): number {
    return this.#visits.slice(from, to).reduce((sum, visit) => sum + secondsOf(visit, this.#products) * 1000, 0);
  }
}
