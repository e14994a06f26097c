import type { ReplyToken } from "../../coordinator/machine.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import { type CommittedOffset, type GroupRecord, offsetTombstone } from "../record.ts";
import type { DeletedTopic } from "../requests.ts";
import type { GroupContext, Shard } from "../shard.ts";

/** One batch of tombstones; a topic that very many groups read takes several. */
const recordsPerBatch = 1_000;

/** The offsets of a deleted topic go with it (rule 40). */
export function topicsDeleted(
  shard: Shard,
  topics: readonly DeletedTopic[],
  token: ReplyToken,
  context: GroupContext,
): void {
  const records = tombstones(shard, topics);
  for (let at = 0; at < records.length; at += recordsPerBatch) {
    const admission = context.emit(records.slice(at, at + recordsPerBatch));
    if (!admission.ok) return context.reply(token, { offsets: at, errorCode: admission.errorCode });
  }
  context.reply(token, { offsets: records.length, errorCode: ErrorCode.NONE });
}

function tombstones({ durable }: Shard, topics: readonly DeletedTopic[]): GroupRecord[] {
  const records: GroupRecord[] = [];
  for (const [group, offsets] of durable.offsets) {
    for (const { name, topicId } of topics) {
      for (const [partition, committed] of offsets.get(name) ?? []) {
        if (isOf(topicId, committed)) records.push(offsetTombstone(group, name, partition));
      }
    }
  }
  for (const [group, pending] of durable.pending.groups) {
    for (const { name, topicId } of topics) {
      for (const [partition, { byProducer }] of pending.get(name) ?? []) {
        const committed = durable.committed(group, name, partition);
        if (committed !== undefined && isOf(topicId, committed)) continue; // has its tombstone
        if ([...byProducer.values()].some((value) => value !== null && isOf(topicId, value))) {
          records.push(offsetTombstone(group, name, partition));
        }
      }
    }
  }
  return records;
}

function isOf(deletedTopicId: string, { topicId }: CommittedOffset): boolean {
  return topicId === zeroUuid || topicId === deletedTopicId;
}
