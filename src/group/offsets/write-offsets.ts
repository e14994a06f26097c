import type { TransactionalProducer } from "../../coordinator/machine.ts";
import type { OffsetCommitRequest } from "../../protocol/apis/offset-commit.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { appendError } from "../append-error.ts";
import type { OffsetCommitRecord } from "../record.ts";
import type { GroupContext, Shard } from "../shard.ts";

type Topic = OffsetCommitRequest["topics"][number];
export type Partition = Topic["partitions"][number];

/** Offsets of one request, as OffsetCommit and TxnOffsetCommit both have them. */
export interface Offsets {
  readonly groupId: string;
  readonly topics: readonly Topic[];
  readonly expireTimestampMs: number;
}

/** Emits the records of a commit. @returns what is told of each partition (rule 37). */
export function writeOffsets(
  shard: Shard,
  offsets: Offsets,
  context: GroupContext,
  transaction?: TransactionalProducer,
): (partition: Partition) => ErrorCode {
  const isTooLarge = ({ committedMetadata }: Partition) =>
    (committedMetadata?.length ?? 0) > shard.config.offsetMetadataMaxBytes;
  const records = recordsOf(offsets, isTooLarge, context.now.wallMs);
  const admission = records.length === 0 ? ({ ok: true } as const) : context.emit(records, transaction);
  if (!admission.ok) return () => appendError(admission.errorCode);
  return (partition) => (isTooLarge(partition) ? ErrorCode.OFFSET_METADATA_TOO_LARGE : ErrorCode.NONE);
}

function recordsOf(
  { groupId, topics, expireTimestampMs }: Offsets,
  isTooLarge: (partition: Partition) => boolean,
  nowMs: number,
): OffsetCommitRecord[] {
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
