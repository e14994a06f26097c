/** Leader epochs as clients meet them (KIP-320): is the client's view of the leader current, where did an epoch end. */
import type { LogError } from "../log/log.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { LedPartition } from "./context.ts";

/** @param currentLeaderEpoch the epoch that the client knows, -1 when it does not tell. */
export function refuseLeaderEpoch(partition: LedPartition, currentLeaderEpoch: number): ErrorCode {
  if (currentLeaderEpoch < 0 || currentLeaderEpoch === partition.leaderEpoch) return ErrorCode.NONE;
  const isOld = currentLeaderEpoch < partition.leaderEpoch;
  return isOld ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH;
}

/** Where the records of `leaderEpoch`, or of the last one before it that has any, end; undefined when unknown. */
export function endOffsetOf({ log, leaderEpoch: newest }: LedPartition, leaderEpoch: number) {
  if (leaderEpoch < 0 || leaderEpoch > newest) return undefined;
  // Older than all that is left: what is left begins where that epoch ended.
  return log.endOffsetForEpoch(leaderEpoch) ?? { leaderEpoch, endOffset: log.logStartOffset };
}

/** What a client is told when a log fails a read or an append that it had taken. */
export function errorOfLog(error: LogError): ErrorCode {
  return error.kind === "deleted" ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.KAFKA_STORAGE_ERROR;
}

/** What is told of an append that a log did not take; `producer` refusals bring their own error. */
export const errorOfRefusal = {
  "fenced-leader-epoch": ErrorCode.NOT_LEADER_OR_FOLLOWER,
  "record-too-large": ErrorCode.MESSAGE_TOO_LARGE,
  // Nothing was written and a retry may be lucky: what Kafka says while replicas are missing.
  "too-many-in-flight": ErrorCode.NOT_ENOUGH_REPLICAS,
  corrupt: ErrorCode.KAFKA_STORAGE_ERROR,
  deleted: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  failed: ErrorCode.KAFKA_STORAGE_ERROR,
} as const;
