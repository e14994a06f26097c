import type { TransactionMarker } from "../coordinator/machine.ts";
import { LogError } from "../log/log.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { encodeControlBatch } from "../protocol/records/batch.ts";
import type { BrokerServices, LedPartition } from "./context.ts";
import { errorOfLog, errorOfRefusal } from "./leader-epochs.ts";

type Services = Pick<BrokerServices, "partition" | "groups" | "clock" | "platform">;

/**
 * Ends a transaction in one partition (KIP-98). In `__consumer_offsets` the groups' shard does it, whose offsets wait
 * for it.
 * @returns NONE once the marker is durable; INVALID_PRODUCER_EPOCH or TRANSACTION_COORDINATOR_FENCED where a newer one
 *   is known; NOT_LEADER_OR_FOLLOWER and the like where it is worth another try.
 */
export async function writeTxnMarker(
  topic: string,
  partition: number,
  marker: TransactionMarker,
  services: Services,
): Promise<ErrorCode> {
  const found = services.partition(topic, partition);
  if (!found.ok) return found.errorCode;
  if (marker.producerId < 0 || marker.producerEpoch < 0) return ErrorCode.UNKNOWN_SERVER_ERROR; // a marker of nobody
  if (topic !== "__consumer_offsets") return append(found.partition, marker, services);
  const outcome = await services.groups.submit(partition, "EndTransaction", marker);
  return toldByGroups(outcome.ok ? outcome.reply : outcome.errorCode);
}

async function append({ log, leaderEpoch }: LedPartition, marker: TransactionMarker, services: Services) {
  const { clock, platform } = services;
  const { wallMs } = clock.now();
  const { transactionVersion, ...end } = marker;
  const batch = encodeControlBatch({ ...end, timestamp: wallMs }, platform);
  const result = log.append(batch, { leaderEpoch, wallMs, internal: true, transactionVersion });
  if (result.ok) return settled(result.durable);
  if (result.refusal === "producer") return result.verdict.errorCode;
  return errorOfRefusal[result.refusal];
}

async function settled(durable: Promise<void>): Promise<ErrorCode> {
  try {
    await durable;
    return ErrorCode.NONE;
  } catch (error) {
    if (error instanceof LogError) return errorOfLog(error);
    throw error;
  }
}

/** As Kafka tells a coordinator of transactions that a coordinator of groups is not there. */
function toldByGroups(errorCode: ErrorCode): ErrorCode {
  switch (errorCode) {
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
    case ErrorCode.NOT_COORDINATOR:
      return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    default:
      return errorCode;
  }
}
