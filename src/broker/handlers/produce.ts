import type { MaybePromise } from "../../coordinator/shard.ts";
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

interface Appended {
  readonly responses: TopicAnswer[];
  readonly underWay: readonly Appending[];
}

/**
 * Appends to all partitions at once, then answers when the last append is durable: on one broker acks=1 and acks=all
 * are the same promise. acks=0 has no answer; an error closes the connection, so that the producer learns of it.
 * Where a transaction's coordinator has to be asked first, the connection's next requests wait with it.
 */
export const produce: Handler<typeof Produce> = (request, context) => {
  if (!hasTransactional(request)) return answerOf(appendAll(request, context, nothingAsked), request, context);
  return appendTransactional(request, context).then((appended) => answerOf(appended, request, context));
};

function answerOf(
  { responses, underWay }: Appended,
  { acks }: ProduceRequest,
  context: RequestContext,
): MaybePromise<Answer<typeof Produce>> {
  const answer = () => (acks === 0 ? noAnswer(responses, context) : { responses });
  return underWay.length > 0 ? settled(underWay).then(answer) : answer();
}

function noAnswer(responses: readonly TopicAnswer[], { connection }: RequestContext): undefined {
  const failed = responses.flatMap((topic) => topic.partitionResponses).find(({ errorCode }) => errorCode !== 0);
  if (failed !== undefined) connection.close(`a produce with acks=0 failed: ${errorName(failed.errorCode)}`);
}

const nothingAsked: Admission = new Map();

async function appendTransactional(request: ProduceRequest, context: RequestContext): Promise<Appended> {
  const admission = admitTransaction(request, context);
  if (typeof admission === "number") return refuseAll(request, admission);
  if (!(admission instanceof Promise)) return appendAll(request, context, admission);
  const goOn = context.connection.hold();
  try {
    return appendAll(request, context, await admission); // what was held comes behind the appends
  } finally {
    goOn();
  }
}

function refuseAll({ topicData }: ProduceRequest, errorCode: ErrorCode): Appended {
  const responses = topicData.map(({ name, topicId, partitionData }) => {
    return { name, topicId, partitionResponses: partitionData.map(({ index }) => refuse(index, errorCode)) };
  });
  return { responses, underWay: [] };
}

function appendAll(request: ProduceRequest, context: RequestContext, admission: Admission): Appended {
  const underWay: Appending[] = [];
  const { wallMs } = context.broker.clock.now();
  const responses = request.topicData.map((topic): TopicAnswer => {
    const { name, topicId, partitionData } = topic;
    const partitionResponses = lastOfEach(partitionData).map((asked) => {
      const appending = append(topic, asked, admission.get(asked), wallMs, request, context);
      if (appending.durable !== undefined) underWay.push(appending);
      return appending.answer;
    });
    return { name, topicId, partitionResponses };
  });
  return { responses, underWay };
}

/** A partition that is named twice gets what comes last. */
function lastOfEach(asked: readonly AskedPartition[]): readonly AskedPartition[] {
  return asked.length < 2 ? asked : [...new Map(asked.map((partition) => [partition.index, partition])).values()];
}

/** Resolves when the last has reached the disk, or never will: that one's answer becomes an error. */
function settled(underWay: readonly Appending[]): Promise<void> {
  const [first] = underWay;
  if (underWay.length === 1 && first?.durable !== undefined) {
    return first.durable.catch((error) => {
      if (!isToldOf(first, error)) throw error;
    });
  }
  return new Promise((resolve, reject) => {
    let left = underWay.length;
    const one = () => {
      if (--left === 0) resolve();
    };
    for (const appending of underWay) {
      appending.durable?.then(one, (error) => (isToldOf(appending, error) ? one() : reject(error)));
    }
  });
}

/** @returns false for a defect, which is no client's business. */
function isToldOf({ answer }: Appending, error: unknown): boolean {
  if (!(error instanceof LogError)) return false;
  Object.assign(answer, { errorCode: errorOfLog(error), ...noOffsets });
  return true;
}

const noOffsets = { baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1 };

function append(
  topic: AskedTopic,
  asked: AskedPartition,
  admitted: Admitted | undefined,
  wallMs: number,
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
