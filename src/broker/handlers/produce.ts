import { type AppendResult, LogError } from "../../log/log.ts";
import type { Produce, ProduceRequest } from "../../protocol/apis/produce.ts";
import { ErrorCode, errorName } from "../../protocol/errors.ts";
import { checkProduced, type ProduceCheck } from "../../protocol/records/validate.ts";
import type { Answer, Handler, LedPartition, RequestContext } from "../context.ts";
import { errorOfLog, errorOfRefusal } from "../leader-epochs.ts";
import { type Admission, type Admitted, admitTransaction, hasTransactional } from "../produce-admission.ts";
import { produceRules } from "../produce-rules.ts";

type AskedTopic = ProduceRequest["topicData"][number];
type AskedPartition = AskedTopic["partitionData"][number];
type TopicAnswer = NonNullable<Answer<typeof Produce>>["responses"][number];
type PartitionAnswer = TopicAnswer["partitionResponses"][number];

/** An append on its way to the disk, with the answer if it gets there. */
interface Appending {
  readonly answer: PartitionAnswer;
  readonly durable?: Promise<void>;
}

/**
 * Appends to all partitions at once, then answers when the last append is durable: on one broker acks=1 and acks=all
 * are the same promise. acks=0 has no answer; an error closes the connection, so that the producer learns of it.
 * Where a transaction's coordinator has to be asked first, the connection's next requests wait with it.
 */
export const produce: Handler<typeof Produce> = async (request, context) => {
  const appending = hasTransactional(request)
    ? appendTransactional(request, context)
    : appendAll(request, context, nothingAsked);
  const responses = await appending;
  if (request.acks !== 0) return { responses };
  const failed = responses.flatMap((topic) => topic.partitionResponses).find(({ errorCode }) => errorCode !== 0);
  if (failed !== undefined) context.connection.close(`a produce with acks=0 failed: ${errorName(failed.errorCode)}`);
  return undefined;
};

const nothingAsked: Admission = new Map();

async function appendTransactional(request: ProduceRequest, context: RequestContext): Promise<TopicAnswer[]> {
  const admission = admitTransaction(request, context);
  if (typeof admission === "number") return refuseAll(request, admission);
  if (!(admission instanceof Promise)) return appendAll(request, context, admission);
  const goOn = context.connection.hold();
  try {
    return appendAll(request, context, await admission); // not awaited: what was held comes behind the appends
  } finally {
    goOn();
  }
}

function refuseAll({ topicData }: ProduceRequest, errorCode: ErrorCode): TopicAnswer[] {
  return topicData.map(({ name, topicId, partitionData }) => {
    return { name, topicId, partitionResponses: partitionData.map(({ index }) => refuse(index, errorCode)) };
  });
}

function appendAll(request: ProduceRequest, context: RequestContext, admission: Admission): Promise<TopicAnswer[]> {
  return answered(
    request.topicData.map((topic) => {
      const settle = (asked: AskedPartition) => settled(append(topic, asked, admission.get(asked), request, context));
      return { topic, partitions: lastOfEach(topic.partitionData).map(settle) };
    }),
  );
}

/** A partition that is named twice gets what comes last. */
function lastOfEach(asked: readonly AskedPartition[]): readonly AskedPartition[] {
  return asked.length < 2 ? asked : [...new Map(asked.map((partition) => [partition.index, partition])).values()];
}

/** One after the other: they are under way together, and `Promise.all` would make more garbage than it saves time. */
async function answered(
  appending: readonly { readonly topic: AskedTopic; readonly partitions: readonly Promise<PartitionAnswer>[] }[],
): Promise<TopicAnswer[]> {
  const answers: TopicAnswer[] = [];
  for (const { topic, partitions } of appending) {
    const partitionResponses: PartitionAnswer[] = [];
    for (const each of partitions) partitionResponses.push(await each);
    answers.push({ name: topic.name, topicId: topic.topicId, partitionResponses });
  }
  return answers;
}

function append(
  topic: AskedTopic,
  asked: AskedPartition,
  admitted: Admitted | undefined,
  request: ProduceRequest,
  context: RequestContext,
): Appending {
  const { index, records } = asked;
  const { broker, version } = context;
  const found = version >= 13 ? broker.partitionById(topic.topicId, index) : broker.partition(topic.name, index);
  if (!found.ok) return { answer: refuse(index, found.errorCode) };
  const { partition } = found;
  const unwanted = refuseProduce(partition, request);
  if (unwanted) return { answer: refuse(index, unwanted) };
  if (admitted?.errorCode) return { answer: refuse(index, admitted.errorCode) };
  const { wallMs } = broker.clock.now();
  const rules = { ...produceRules(partition, broker), produceVersion: version, nowMs: wallMs };
  const check = checkProduced(records ?? noRecords, rules, broker.platform);
  if (!check.ok) return { answer: refuseRecords(index, check, partition) };

  const { log, leaderEpoch } = partition;
  const result = log.append(check.bytes, { leaderEpoch, wallMs, verification: admitted?.verification });
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

async function settled({ answer, durable }: Appending): Promise<PartitionAnswer> {
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
