import type { ReplyToken } from "../../coordinator/machine.ts";
import type { TxnOffsetCommitRequest } from "../../protocol/apis/txn-offset-commit.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import type { GroupRequest, VerifiedOffsets } from "../requests.ts";
import type { GroupContext, Shard } from "../shard.ts";
import { refuseTransactionalCommit } from "./refuse-commit.ts";
import { type Partition, writeOffsets } from "./write-offsets.ts";

/** Offsets are written as part of a transaction and wait for its end (rule 41). It keeps no session alive (rule 23). */
export function commitTransactionalOffsets(
  shard: Shard,
  { body }: GroupRequest<VerifiedOffsets>,
  token: ReplyToken,
  context: GroupContext,
): void {
  const { groupId, memberId, groupInstanceId, generationId: generation } = body;
  const refusal = refuseTransactionalCommit(shard, { groupId, memberId, groupInstanceId, generation });
  if (refusal !== ErrorCode.NONE)
    return context.reply(
      token,
      answer(body, () => refusal),
    );
  // Kafka 4.3.1 keeps no topic id with such an offset.
  const topics = body.topics.map((topic) => ({ ...topic, topicId: zeroUuid }));
  const offsets = { groupId, topics, expireTimestampMs: -1 };
  context.reply(token, answer(body, writeOffsets(shard, offsets, context, body)));
}

function answer({ topics }: TxnOffsetCommitRequest, errorOf: (partition: Partition) => ErrorCode) {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partition) => ({
        partitionIndex: partition.partitionIndex,
        errorCode: errorOf(partition),
      })),
    })),
  };
}
