import { consumerProtocolType } from "../consumer-protocol.ts";
import { forgetGroup } from "../delete-group.ts";
import { type CommittedOffset, type GroupRecord, groupTombstone, offsetTombstone } from "../record.ts";
import { type GroupContext, type Shard, stateOf } from "../shard.ts";
import { subscribedTopics } from "../subscribed-topics.ts";

/**
 * Offsets that were not touched for long go, and with the last one its group, if it is Empty (rule 39). Where a
 * transaction is open, offset and group stay until it is decided.
 */
export function expireOffsets(shard: Shard, context: GroupContext): void {
  for (const groupId of [...shard.durable.groups.keys()]) expireOffsetsOf(shard, groupId, context);
}

function expireOffsetsOf(shard: Shard, groupId: string, context: GroupContext): void {
  const { offsets: committedOffsets, pending } = shard.durable;
  const isExpired = expiry(shard, groupId, context.now.wallMs);
  const records: GroupRecord[] = [];
  let kept = 0;
  for (const [topic, partitions] of committedOffsets.get(groupId) ?? []) {
    for (const [partition, committed] of partitions) {
      if (isExpired(topic, committed) && !pending.has(groupId, topic, partition))
        records.push(offsetTombstone(groupId, topic, partition));
      else kept++;
    }
  }
  const offsets = records.length;
  const goes = kept === 0 && !pending.groups.has(groupId) && stateOf(shard, groupId) === "Empty";
  if (goes) records.push(groupTombstone(groupId));
  // Refused: the next check tries again.
  if (records.length === 0 || !context.emit(records).ok) return;
  if (offsets > 0) context.publish({ type: "GroupOffsetsExpired", group: groupId, offsets });
  if (goes) forgetGroup(shard, groupId, "it was Empty and had no offsets left", context);
}

type Expiry = (topic: string, committed: CommittedOffset) => boolean;

/** From when on an offset of the group counts as old. */
function expiry(shard: Shard, groupId: string, nowMs: number): Expiry {
  const { offsetsRetentionMs } = shard.config;
  const isOld = (sinceMs: number, { expireTimestampMs }: CommittedOffset) =>
    expireTimestampMs === -1 ? nowMs - sinceMs >= offsetsRetentionMs : nowMs >= expireTimestampMs;
  const live = shard.live.get(groupId);
  const { protocolType, currentStateTimestampMs } = live ?? shard.durable.groups.get(groupId)!;
  if (protocolType === "") return (_topic, committed) => isOld(committed.commitTimestampMs, committed);
  const state = stateOf(shard, groupId);
  if (state === "Empty") {
    const emptySinceMs = currentStateTimestampMs;
    return (_topic, committed) => isOld(emptySinceMs === -1 ? committed.commitTimestampMs : emptySinceMs, committed);
  }
  const isReadable = protocolType === consumerProtocolType && live?.state === "Stable";
  const topics = isReadable ? subscribedTopics(live.subscriptions) : undefined;
  if (topics === undefined) return () => false;
  return (topic, committed) => !topics.has(topic) && isOld(committed.commitTimestampMs, committed);
}
