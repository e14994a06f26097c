import type { TransactionResult } from "../coordinator/machine.ts";
import type { DurableState } from "./durable-state.ts";
import { type CommittedOffset, type GroupRecord, type OffsetCommitRecord, simpleGroup } from "./record.ts";

/**
 * The only place where durable state changes: on load, on take-over, and for every record a step emits.
 * @param producerId of an open transaction that the record is part of; a tombstone counts at once all the same.
 */
export function replay(state: DurableState, record: GroupRecord, producerId?: number): void {
  switch (record.type) {
    case "OffsetCommit":
      return replayOffset(state, record, producerId);
    case "GroupMetadata":
      if (record.value === null) state.groups.delete(record.group);
      else state.groups.set(record.group, record.value);
  }
}

/** A transaction ends in this shard's partition: what it left pending counts now, or never did. */
export function replayEndTransaction(state: DurableState, producerId: number, type: TransactionResult): void {
  for (const { group, topic, partition, value } of state.pending.end(producerId, type)) {
    if (value !== null) putOffset(state, group, topic, partition, value);
  }
}

function replayOffset(state: DurableState, record: OffsetCommitRecord, producerId: number | undefined): void {
  const { group, topic, partition, value } = record;
  if (value === null) {
    state.pending.delete(record);
    const topics = state.offsets.get(group);
    const partitions = topics?.get(topic);
    if (!topics || !partitions?.delete(partition)) return;
    if (partitions.size === 0) topics.delete(topic);
    if (topics.size === 0) state.offsets.delete(group);
    return;
  }
  // The group stays when its last offset goes; the next expiry check ends it, as in Kafka.
  if (!state.groups.has(group)) state.groups.set(group, simpleGroup);
  if (producerId !== undefined) return state.pending.put(producerId, record, value);
  state.pending.override(record);
  putOffset(state, group, topic, partition, value);
}

function putOffset(state: DurableState, group: string, topic: string, partition: number, value: CommittedOffset): void {
  const topics = state.offsets.get(group);
  const partitions = topics?.get(topic);
  if (partitions !== undefined) partitions.set(partition, value);
  else if (topics !== undefined) topics.set(topic, new Map([[partition, value]]));
  else state.offsets.set(group, new Map([[topic, new Map([[partition, value]])]]));
}
