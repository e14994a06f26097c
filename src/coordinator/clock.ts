/** A moment, told twice: sessions and timers use `monotonicMs`, timestamps and expiry use `wallMs`. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Time as the pure rooms see it. The server fills it with the machine's, tests and the simulator with their own. */
export interface Clock {
  /** This moment. */
  now(): Instant;
  /** Calls `callback` once, at or after `delayMs` from now. @returns a function that calls it off. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Randomness as the pure rooms see it: seeded in tests and in the simulator. */
export interface Rng {
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
}
