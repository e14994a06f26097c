import { LogError } from "../../log/log.ts";
import type { DeleteRecords } from "../../protocol/apis/delete-records.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler, RequestContext } from "../context.ts";
import { errorOfLog } from "../leader-epochs.ts";

/** The offset that stands for the high watermark: delete all. */
const highWatermark = -1;

/** Moves the start of logs: records before the offsets are gone for every reader (KIP-107). */
export const deleteRecords: Handler<typeof DeleteRecords> = async (request, context) => {
  const topics = request.topics.map(async ({ name, partitions }) => {
    const offsets = new Map(partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
    const deleted = Array.from(offsets, ([partitionIndex, offset]) =>
      deleteBefore(name, partitionIndex, offset, context),
    );
    return { name, partitions: await Promise.all(deleted) };
  });
  return { topics: await Promise.all(topics) };
};

async function deleteBefore(topic: string, partitionIndex: number, asked: number, { broker }: RequestContext) {
  const refuse = (errorCode: ErrorCode) => ({ partitionIndex, errorCode, lowWatermark: -1 });
  const found = broker.partition(topic, partitionIndex);
  if (!found.ok) return refuse(found.errorCode);
  const { topic: image, log } = found.partition;
  if (image.isInternal) return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION);
  if (!log.config.cleanupPolicy.delete) return refuse(ErrorCode.POLICY_VIOLATION);
  const offset = asked === highWatermark ? log.highWatermark : asked;
  if (offset < 0 || offset > log.highWatermark) return refuse(ErrorCode.OFFSET_OUT_OF_RANGE);
  try {
    if (offset > log.logStartOffset) await log.deleteBefore(offset);
    return { partitionIndex, errorCode: ErrorCode.NONE, lowWatermark: log.logStartOffset };
  } catch (error) {
    if (error instanceof LogError) return refuse(errorOfLog(error));
    throw error;
  }
}
