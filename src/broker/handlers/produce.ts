import { type AppendResult, LogError } from "../../log/log.ts";
import type { Produce, ProduceRequest } from "../../protocol/apis/produce.ts";
import { ErrorCode, errorName } from "../../protocol/errors.ts";
import { BatchView } from "../../protocol/records/header.ts";
import { checkProduced, type ProduceCheck } from "../../protocol/records/validate.ts";
import type { Answer, Handler, LedPartition, RequestContext } from "../context.ts";
import { errorOfLog } from "../leader-epochs.ts";
import { produceRules } from "../produce-rules.ts";

type AskedTopic = ProduceRequest["topicData"][number];
type AskedPartition = AskedTopic["partitionData"][number];
type PartitionAnswer = NonNullable<Answer<typeof Produce>>["responses"][number]["partitionResponses"][number];

/** An append on its way to the disk, with the answer if it gets there. */
interface Appending {
  readonly answer: PartitionAnswer;
  readonly durable?: Promise<void>;
}

/**
 * Appends to all partitions at once, then answers when the last append is durable: on one broker acks=1 and acks=all
 * are the same promise. acks=0 has no answer; an error closes the connection, so that the producer learns of it.
 */
export const produce: Handler<typeof Produce> = async (request, context) => {
  const appending = request.topicData.map((topic) => ({ topic, partitions: appendTopic(topic, request, context) }));
  const responses = await Promise.all(
    appending.map(async ({ topic: { name, topicId }, partitions }) => {
      return { name, topicId, partitionResponses: await Promise.all(partitions.map(settle)) };
    }),
  );
  if (request.acks !== 0) return { responses };
  const failed = responses.flatMap((topic) => topic.partitionResponses).find(({ errorCode }) => errorCode !== 0);
  if (failed !== undefined) context.connection.close(`a produce with acks=0 failed: ${errorName(failed.errorCode)}`);
  return undefined;
};

function appendTopic(topic: AskedTopic, request: ProduceRequest, context: RequestContext): Appending[] {
  const last = new Map(topic.partitionData.map((partition) => [partition.index, partition]));
  return Array.from(last.values(), (partition) => append(topic, partition, request, context));
}

function append(topic: AskedTopic, asked: AskedPartition, request: ProduceRequest, context: RequestContext): Appending {
  const { index, records } = asked;
  const { broker, version } = context;
  const found = version >= 13 ? broker.partitionById(topic.topicId, index) : broker.partition(topic.name, index);
  if (!found.ok) return { answer: refuse(index, found.errorCode) };
  const { partition } = found;
  const unwanted = refuseProduce(partition, request);
  if (unwanted) return { answer: refuse(index, unwanted) };
  const { wallMs } = broker.clock.now();
  const rules = { ...produceRules(partition, broker), produceVersion: version, nowMs: wallMs };
  const check = checkProduced(records ?? noRecords, rules, broker.platform);
  if (!check.ok) return { answer: refuseRecords(index, check, partition) };
  if (new BatchView(check.bytes).transactional) return { answer: refuse(index, errorOfTransactional(request)) };

  const { log, leaderEpoch } = partition;
  const result = log.append(check.bytes, { leaderEpoch, wallMs });
  if (!result.ok) return { answer: refuseAppend(index, result, partition) };
  const { baseOffset, logStartOffset, duplicate, durable } = result;
  // A duplicate is told the timestamp of its batch, whatever kind of timestamp that is, as by Kafka.
  const logAppendTimeMs = duplicate ? check.maxTimestamp : check.logAppendTimeMs;
  return { answer: { index, errorCode: ErrorCode.NONE, baseOffset, logAppendTimeMs, logStartOffset }, durable };
}

const noRecords = new Uint8Array(0);

function refuseProduce({ topic }: LedPartition, { acks }: ProduceRequest): ErrorCode {
  if (acks < -1 || acks > 1) return ErrorCode.INVALID_REQUIRED_ACKS;
  // Kafka lets a client named __admin_client write there; a record that a coordinator cannot read would stop its shard.
  return topic.isInternal ? ErrorCode.INVALID_TOPIC_EXCEPTION : ErrorCode.NONE;
}

/** No transactional id has a producer id here, so this is what Kafka says too. */
function errorOfTransactional({ transactionalId }: ProduceRequest): ErrorCode {
  const isNameless = transactionalId === null;
  return isNameless ? ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED : ErrorCode.INVALID_PRODUCER_ID_MAPPING;
}

async function settle({ answer, durable }: Appending): Promise<PartitionAnswer> {
  try {
    await durable;
    return answer;
  } catch (error) {
    if (error instanceof LogError) return refuse(answer.index, errorOfLog(error));
    throw error;
  }
}

function refuse(index: number, errorCode: ErrorCode): PartitionAnswer {
  return { index, errorCode, baseOffset: -1 };
}

function refuseRecords(index: number, check: ProduceCheck & { ok: false }, { log }: LedPartition): PartitionAnswer {
  const answer = refuse(index, ErrorCode[check.error]);
  if (check.recordErrors.length === 0) return answer;
  const recordErrors = check.recordErrors.map(({ batchIndex, message: batchIndexErrorMessage }) => {
    return { batchIndex, batchIndexErrorMessage };
  });
  return { ...answer, recordErrors, errorMessage: check.reason, logStartOffset: log.logStartOffset };
}

function refuseAppend(index: number, result: AppendResult & { ok: false }, { log }: LedPartition): PartitionAnswer {
  if (result.refusal === "producer") {
    return { ...refuse(index, result.verdict.errorCode), logStartOffset: log.logStartOffset };
  }
  return refuse(index, errorOfRefusal[result.refusal]);
}

const errorOfRefusal = {
  "fenced-leader-epoch": ErrorCode.NOT_LEADER_OR_FOLLOWER,
  "record-too-large": ErrorCode.MESSAGE_TOO_LARGE,
  // Nothing was written and a retry may be lucky: what Kafka says while replicas are missing.
  "too-many-in-flight": ErrorCode.NOT_ENOUGH_REPLICAS,
  corrupt: ErrorCode.KAFKA_STORAGE_ERROR,
  deleted: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  failed: ErrorCode.KAFKA_STORAGE_ERROR,
} as const;
