/** Exponential back-off with a fifth of jitter either way, so that clients that failed together return apart. */
export interface BackoffLimits {
  readonly initialMs: number;
  readonly maxMs: number;
}

const jitter = 0.2;

/** @param failures how many there were before, from 0. @param random from 0 to 1. */
export function backoffMs({ initialMs, maxMs }: BackoffLimits, failures: number, random = Math.random()): number {
  const exact = Math.min(initialMs * 2 ** Math.min(failures, 30), maxMs);
  return exact * (1 - jitter + 2 * jitter * random);
}
