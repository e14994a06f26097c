/** The one source of chance: a stream of numbers that its seed decides. */
import type { Rng } from "../coordinator/clock.ts";
import { javaStringHash } from "../protocol/hash.ts";

export class Random implements Rng {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed | 0;
    this.#state = seed | 0;
  }

  /** A stream of its own, whatever others draw: so a world without one member leaves the others their chance. */
  fork(name: string): Random {
    const mixed = Math.imul(this.#seed ^ javaStringHash(name), 0x9e3779b1);
    const stream = new Random(mixed ^ (mixed >>> 15));
    stream.uint32();
    return stream;
  }

  /** mulberry32 */
  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** From 0 to below 1. */
  readonly unit = (): number => this.uint32() / 0x1_0000_0000;

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** Whole, both ends included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.unit() * (most - least + 1));
  }

  between(least: number, most: number): number {
    return least + this.unit() * (most - least);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.uint32() & 0xff);
  }
}
