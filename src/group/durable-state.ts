import { PendingOffsets } from "./pending-offsets.ts";
import type { CommittedOffset, GroupMetadata } from "./record.ts";

/** Offsets of one group: topic → partition → committed. Neither map is ever empty. */
export type GroupOffsets = Map<string, Map<number, CommittedOffset>>;

/**
 * All of a shard that survives a restart. Written by `replay` and by nothing else.
 *
 * A group of which only offsets are known costs one entry in each map and shares the value `simpleGroup`.
 */
export class DurableState {
  readonly groups = new Map<string, GroupMetadata>();
  readonly offsets = new Map<string, GroupOffsets>();
  /** What transactions that are still open will commit, or not. */
  readonly pending = new PendingOffsets();

  committed(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.offsets.get(group)?.get(topic)?.get(partition);
  }

  /** Committed, or pending in a transaction. */
  hasOffset(group: string, topic: string, partition: number): boolean {
    return this.committed(group, topic, partition) !== undefined || this.pending.has(group, topic, partition);
  }
}
