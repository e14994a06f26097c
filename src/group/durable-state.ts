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

  committed(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.offsets.get(group)?.get(topic)?.get(partition);
  }
}
