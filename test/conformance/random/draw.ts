/** Numbers that look random and come again with the same seed. */
export interface Draw {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  chance(probability: number): boolean;
  oneOf<T>(list: readonly T[]): T;
  /** Another sequence, which takes one number of this one. */
  fork(): Draw;
}

/** mulberry32 */
export function seeded(seed: number): Draw {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => Math.floor(next() * limit),
    chance: (probability) => next() < probability,
    oneOf: <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T,
    fork: () => seeded(next() * 2 ** 32),
  };
}
