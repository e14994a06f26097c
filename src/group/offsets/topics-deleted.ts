import type { ReplyToken } from "../../coordinator/machine.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import { type CommittedOffset, type GroupRecord, offsetTombstone } from "../record.ts";
import type { DeletedTopic, TopicsDeletedReply } from "../requests.ts";
import type { GroupContext, Shard } from "../shard.ts";

/** The id of the topic that has the name now; undefined: there is none. */
export type TopicIdOf = (name: string) => string | undefined;

/** Of which topic ids the offsets that stand under a topic's name are to go; undefined: of none. */
type Gone = (name: string) => ((topicId: string) => boolean) | undefined;

/** One batch of tombstones; a topic that very many groups read takes several. */
const recordsPerBatch = 1_000;

/** The offsets of a deleted topic go with it (rule 40). */
export function topicsDeleted(
  shard: Shard,
  topics: readonly DeletedTopic[],
  token: ReplyToken,
  context: GroupContext,
): void {
  const reply = removeOffsets(shard, context, (name) => {
    const deleted = topics.filter((topic) => topic.name === name);
    if (deleted.length === 0) return undefined;
    return (topicId) => topicId === zeroUuid || deleted.some((topic) => topic.topicId === topicId);
  });
  context.reply(token, reply);
}

/**
 * Offsets of topics that were deleted while nobody led the shard, or just before a crash (rule 40). Kafka, which tells
 * of a deletion only who is loaded, keeps them until they expire.
 */
export function removeStrayOffsets(shard: Shard, topicIdOf: TopicIdOf, context: GroupContext): void {
  removeOffsets(shard, context, (name) => {
    const existing = topicIdOf(name);
    return existing === undefined ? () => true : (topicId) => topicId !== existing && topicId !== zeroUuid;
  });
}

function removeOffsets(shard: Shard, context: GroupContext, gone: Gone): TopicsDeletedReply {
  const records = tombstones(shard, gone);
  for (let at = 0; at < records.length; at += recordsPerBatch) {
    const admission = context.emit(records.slice(at, at + recordsPerBatch));
    if (!admission.ok) return { offsets: at, errorCode: admission.errorCode };
  }
  return { offsets: records.length, errorCode: ErrorCode.NONE };
}

function tombstones({ durable }: Shard, goneOf: Gone): GroupRecord[] {
  const records: GroupRecord[] = [];
  const known = new Map<string, ReturnType<Gone>>(); // asked once for all groups
  const gone: Gone = (name) => {
    if (!known.has(name)) known.set(name, goneOf(name));
    return known.get(name);
  };
  for (const [group, offsets] of durable.offsets) {
    for (const [name, partitions] of offsets) {
      const isGone = gone(name);
      if (isGone === undefined) continue;
      for (const [partition, { topicId }] of partitions) {
        if (isGone(topicId)) records.push(offsetTombstone(group, name, partition));
      }
    }
  }
  for (const [group, pending] of durable.pending.groups) {
    for (const [name, partitions] of pending) {
      const isGone = gone(name);
      if (isGone === undefined) continue;
      const isOfGone = (value: CommittedOffset | null | undefined) => value != null && isGone(value.topicId);
      for (const [partition, { byProducer }] of partitions) {
        if (isOfGone(durable.committed(group, name, partition))) continue; // has its tombstone
        if ([...byProducer.values()].some(isOfGone)) records.push(offsetTombstone(group, name, partition));
      }
    }
  }
  return records;
}
