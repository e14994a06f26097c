import type { ReplyToken } from "../../coordinator/machine.ts";
import type { OffsetCommitRequest } from "../../protocol/apis/offset-commit.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { resetSession } from "../classic/sessions.ts";
import type { GroupRequest } from "../requests.ts";
import type { GroupContext, Shard } from "../shard.ts";
import { refuseCommit } from "./refuse-commit.ts";
import { type Partition, writeOffsets } from "./write-offsets.ts";

/** Offsets are written down (rules 34 to 37); the reply says so when they are durable. */
export function commitOffsets(
  shard: Shard,
  { version, body }: GroupRequest<OffsetCommitRequest>,
  token: ReplyToken,
  context: GroupContext,
): void {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generation, topics, retentionTimeMs } = body;
  const refusal = refuseCommit(shard, { groupId, memberId, groupInstanceId, generation }, version);
  if (refusal !== ErrorCode.NONE)
    return context.reply(
      token,
      answer(body, () => refusal),
    );
  keepSession(shard, groupId, memberId, context);
  const expireTimestampMs = retentionTimeMs === -1 ? -1 : context.now.wallMs + retentionTimeMs;
  context.reply(token, answer(body, writeOffsets(shard, { groupId, topics, expireTimestampMs }, context)));
}

/** Rule 23. */
function keepSession(shard: Shard, groupId: string, memberId: string, context: GroupContext): void {
  const member = shard.live.get(groupId)?.members.get(memberId);
  if (member !== undefined) resetSession(member, context);
}

function answer({ topics }: OffsetCommitRequest, errorOf: (partition: Partition) => ErrorCode) {
  return {
    topics: topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map((partition) => ({
        partitionIndex: partition.partitionIndex,
        errorCode: errorOf(partition),
      })),
    })),
  };
}
