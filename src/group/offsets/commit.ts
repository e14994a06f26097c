import type { ReplyToken } from "../../coordinator/machine.ts";
import type { OffsetCommitRequest } from "../../protocol/apis/offset-commit.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { appendError } from "../append-error.ts";
import { refuseStranger } from "../classic/refuse-stranger.ts";
import { resetSession } from "../classic/sessions.ts";
import type { OffsetCommitRecord } from "../record.ts";
import type { GroupRequest } from "../requests.ts";
import { type GroupContext, type Shard, stateOf } from "../shard.ts";

/** Who commits: the part of a request that OffsetCommit and TxnOffsetCommit have in common. */
export interface Committer {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generation: number;
}

/** Offsets are written down (rules 34 to 37); the reply says so when they are durable. */
export function commitOffsets(
  shard: Shard,
  { version, body }: GroupRequest<OffsetCommitRequest>,
  token: ReplyToken,
  context: GroupContext,
): void {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generation } = body;
  const refusal = refuseCommit(shard, { groupId, memberId, groupInstanceId, generation }, version);
  if (refusal !== ErrorCode.NONE)
    return context.reply(
      token,
      answer(body, () => refusal),
    );
  keepSession(shard, groupId, memberId, context);
  const isTooLarge = ({ committedMetadata }: Partition) =>
    (committedMetadata?.length ?? 0) > shard.config.offsetMetadataMaxBytes;
  const records = recordsOf(body, isTooLarge, context.now.wallMs);
  const admission = records.length === 0 ? ({ ok: true } as const) : context.emit(records);
  if (!admission.ok)
    return context.reply(
      token,
      answer(body, () => appendError(admission.errorCode)),
    );
  context.reply(
    token,
    answer(body, (partition) => (isTooLarge(partition) ? ErrorCode.OFFSET_METADATA_TOO_LARGE : ErrorCode.NONE)),
  );
}

function refuseCommit(shard: Shard, { groupId, memberId, groupInstanceId, generation }: Committer, version: number) {
  const state = stateOf(shard, groupId);
  if (state === "Dead") {
    // Without a generation it comes from an admin, or from a consumer that keeps only its offsets here (rule 34).
    if (generation < 0) return ErrorCode.NONE;
    return version >= 9 ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION;
  }
  if (generation < 0 && state === "Empty") return ErrorCode.NONE;
  if (generation < 0 && memberId === "" && groupInstanceId === null) return ErrorCode.UNKNOWN_MEMBER_ID;
  const group = shard.live.get(groupId);
  const refusal = refuseStranger(group, memberId, groupInstanceId);
  if (group === undefined || refusal !== ErrorCode.NONE) return refusal;
  if (generation !== group.generation) return ErrorCode.ILLEGAL_GENERATION;
  return state === "CompletingRebalance" ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}

/** Rule 23. */
function keepSession(shard: Shard, groupId: string, memberId: string, context: GroupContext): void {
  const member = shard.live.get(groupId)?.members.get(memberId);
  if (member !== undefined) resetSession(member, context);
}

type Partition = OffsetCommitRequest["topics"][number]["partitions"][number];

function recordsOf(
  { groupId, topics, retentionTimeMs }: OffsetCommitRequest,
  isTooLarge: (partition: Partition) => boolean,
  nowMs: number,
): OffsetCommitRecord[] {
  const expireTimestampMs = retentionTimeMs === -1 ? -1 : nowMs + retentionTimeMs;
  const records: OffsetCommitRecord[] = [];
  for (const { name, topicId, partitions } of topics) {
    for (const partition of partitions) {
      if (isTooLarge(partition)) continue;
      const value = {
        offset: partition.committedOffset,
        leaderEpoch: partition.committedLeaderEpoch,
        metadata: partition.committedMetadata ?? "",
        commitTimestampMs: nowMs,
        expireTimestampMs,
        topicId,
      };
      records.push({ type: "OffsetCommit", group: groupId, topic: name, partition: partition.partitionIndex, value });
    }
  }
  return records;
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
