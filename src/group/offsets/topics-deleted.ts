import type { ReplyToken } from "../../coordinator/machine.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import { type GroupRecord, offsetTombstone } from "../record.ts";
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

function tombstones(shard: Shard, topics: readonly DeletedTopic[]): GroupRecord[] {
  const records: GroupRecord[] = [];
  for (const [group, offsets] of shard.durable.offsets) {
    for (const { name, topicId } of topics) {
      for (const [partition, committed] of offsets.get(name) ?? []) {
        if (committed.topicId === zeroUuid || committed.topicId === topicId) {
          records.push(offsetTombstone(group, name, partition));
        }
      }
    }
  }
  return records;
}
