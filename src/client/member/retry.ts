import { type BackoffLimits, backoffMs } from "../backoff.ts";

/** When to ask again after failures. */
export class Retry {
  /** Not before. */
  atMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  readonly #limits: BackoffLimits;
  readonly #random: () => number;

  constructor(limits: BackoffLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
  }

  failed(nowMs: number): void {
    this.atMs = nowMs + Math.ceil(backoffMs(this.#limits, this.#failures++, this.#random()));
  }

  succeeded(): void {
    this.#failures = 0;
    this.atMs = Number.NEGATIVE_INFINITY;
  }
}
