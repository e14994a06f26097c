/** What members have read and handled of the records in topics: nothing changes, nothing is passed over. */
import { keyOf, type Partitions } from "../client/member/partitions.ts";
import type { ReadRecord } from "./shown-records.ts";
import type { World } from "./world.ts";

export class Consumption {
  readonly #world: World;
  /** Of each partition: the text that somebody found at an offset. */
  readonly #texts = new Map<string, Map<number, string>>();
  /** Of each partition: how far it is durable, and up to where no transaction is open, as it was told last. */
  readonly #told = new Map<string, { readonly highWatermark: number; readonly lastStableOffset: number }>();
  /** Of each group and partition: below this offset its members have handled everything. */
  readonly #handled = new Map<string, number>();
  /** Whoever deletes a topic takes its records; in one of the same name offsets begin anew. */
  readonly deleted = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  read(from: Partitions[number], { offset, text }: ReadRecord): void {
    if (this.deleted.has(from.topic)) return;
    const key = keyOf(from);
    const texts = this.#texts.get(key) ?? new Map<number, string>();
    this.#texts.set(key, texts);
    const before = texts.get(offset);
    texts.set(offset, text);
    if (before === undefined || before === text) return;
    const message = `${key} has ${text} at ${offset}, where ${before} was read before`;
    this.#world.violated("what was read stays", message);
  }

  /** A broker has told how far a partition is durable, and decided: what was there once, stays. */
  told(key: string, highWatermark: number, lastStableOffset: number): void {
    const before = this.#told.get(key);
    if (before !== undefined && (highWatermark < before.highWatermark || lastStableOffset < before.lastStableOffset)) {
      const was = `${before.highWatermark} (${before.lastStableOffset})`;
      this.#world.violated("what is durable stays", `${key}: ${highWatermark} (${lastStableOffset}) after ${was}`);
    }
    this.#told.set(key, { highWatermark, lastStableOffset });
  }

  /** A member has handled all records from one offset to another. */
  handled(groupId: string, of: Partitions[number], fromOffset: number, toOffset: number): void {
    const key = `${groupId} ${keyOf(of)}`;
    const below = this.handledBelow(groupId, of);
    if (fromOffset > below && !this.deleted.has(of.topic)) {
      const message = `${key} is read from ${fromOffset} on, and nobody has handled ${below}`;
      this.#world.violated("no record is passed over", message);
    }
    this.#handled.set(key, Math.max(below, toOffset));
  }

  handledBelow(groupId: string, of: Partitions[number]): number {
    return this.#handled.get(`${groupId} ${keyOf(of)}`) ?? 0;
  }
}
