import type { DurableState } from "./durable-state.ts";
import { type GroupRecord, type OffsetCommitRecord, simpleGroup } from "./record.ts";

/** The only place where durable state changes: on load, on take-over, and for every record a step emits. */
export function replay(state: DurableState, record: GroupRecord): void {
  switch (record.type) {
    case "OffsetCommit":
      return replayOffset(state, record);
    case "GroupMetadata":
      if (record.value === null) state.groups.delete(record.group);
      else state.groups.set(record.group, record.value);
  }
}

function replayOffset(state: DurableState, { group, topic, partition, value }: OffsetCommitRecord): void {
  if (value === null) {
    const topics = state.offsets.get(group);
    const partitions = topics?.get(topic);
    if (!topics || !partitions?.delete(partition)) return;
    if (partitions.size === 0) topics.delete(topic);
    if (topics.size === 0) state.offsets.delete(group);
    return;
  }
  // The group stays when its last offset goes; the next expiry check ends it, as in Kafka.
  if (!state.groups.has(group)) state.groups.set(group, simpleGroup);
  const topics = state.offsets.get(group);
  const partitions = topics?.get(topic);
  if (partitions !== undefined) partitions.set(partition, value);
  else if (topics !== undefined) topics.set(topic, new Map([[partition, value]]));
  else state.offsets.set(group, new Map([[topic, new Map([[partition, value]])]]));
}
