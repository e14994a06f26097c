/**
 * May a client's batches go into its transaction? A partition that is no part of it yet is asked for at the transaction
 * coordinator, which has to know it (Produce up to v11) or adds it (KIP-890). Batches of no transaction ask nobody.
 */
import type { Verification } from "../log/log.ts";
import type { ProduceRequest } from "../protocol/apis/produce.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { BatchView, batchHeaderBytes } from "../protocol/records/header.ts";
import type { RequestContext, TransactionAdmission } from "./context.ts";
import { verifiedError } from "./verified-error.ts";

type AskedPartition = ProduceRequest["topicData"][number]["partitionData"][number];

/** Why nothing is appended to a partition, or what lets its log begin the transaction. */
export interface Admitted {
  readonly errorCode: ErrorCode;
  readonly verification?: Verification;
}

/** What was said of the partitions that had to be asked for; the others need no word. */
export type Admission = ReadonlyMap<AskedPartition, Admitted>;

interface Needed {
  readonly topic: string;
  readonly asked: AskedPartition;
  readonly verification: Verification;
}

/** First versions that have the coordinator add partitions by itself, and that know TRANSACTION_ABORTABLE. */
const addsSince = 12;
const abortableSince = 11;
export function isTransactional(records: Uint8Array | null): records is Uint8Array {
  if (records === null || records.length < batchHeaderBytes) return false;
  const batch = new BatchView(records);
  return batch.magic === 2 && batch.transactional;
}

/** Does any partition get a batch of a transaction? */
export function hasTransactional({ topicData }: ProduceRequest): boolean {
  for (const { partitionData } of topicData) {
    for (const { records } of partitionData) if (isTransactional(records)) return true;
  }
  return false;
}

/**
 * For a request that `hasTransactional`: what the logs know, or the promise of what the coordinator says.
 * @returns an error code where the whole request is refused.
 */
export function admitTransaction(
  request: ProduceRequest,
  context: RequestContext,
): ErrorCode | Admission | Promise<Admission> {
  const { transactionalId } = request;
  if (transactionalId === null) return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  const admitted = new Map<AskedPartition, Admitted>();
  const needed: Needed[] = [];
  let producer: BatchView | undefined;
  for (const topic of request.topicData) {
    for (const asked of topic.partitionData) {
      const batch = isTransactional(asked.records) ? new BatchView(asked.records) : undefined;
      if (batch === undefined || batch.producerId < 0) continue;
      producer ??= batch;
      const isSame = batch.producerId === producer.producerId && batch.producerEpoch === producer.producerEpoch;
      if (!isSame) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
      verify(topic, asked, batch, context, admitted, needed);
    }
  }
  if (producer === undefined || needed.length === 0) return admitted;
  const { producerId, producerEpoch } = producer;
  const mode = context.version >= addsSince ? "add" : "verify";
  const admission = { transactionalId, producerId, producerEpoch, topics: byTopic(needed), mode } as const;
  return context.broker.transactions.admit(admission).then((verdict) => {
    for (const { topic, asked, verification } of needed) {
      const errorCode = errorOf(verdict(topic, asked.index), context.version);
      admitted.set(asked, errorCode === ErrorCode.NONE ? { errorCode, verification } : { errorCode });
    }
    return admitted;
  });
}

/** What the partition's log knows of the transaction. */
function verify(
  { name, topicId }: ProduceRequest["topicData"][number],
  asked: AskedPartition,
  batch: BatchView,
  { broker, version }: RequestContext,
  admitted: Map<AskedPartition, Admitted>,
  needed: Needed[],
): void {
  const found = version >= 13 ? broker.partitionById(topicId, asked.index) : broker.partition(name, asked.index);
  if (!found.ok) return; // it is told when it is appended to
  const { topic, log } = found.partition;
  const start = log.startVerification(batch, version >= addsSince, broker.clock.now().wallMs);
  if (start.kind === "refused") admitted.set(asked, { errorCode: start.verdict.errorCode });
  if (start.kind === "needed") needed.push({ topic: topic.name, asked, verification: start.verification });
}

function byTopic(needed: readonly Needed[]): TransactionAdmission["topics"] {
  const partitions = Map.groupBy(needed, ({ topic }) => topic);
  return Array.from(partitions, ([name, of]) => ({
    name,
    partitions: [...new Set(of.map(({ asked }) => asked.index))],
  }));
}

/** What older clients would not understand is told as something that has them try again, or give up. */
function errorOf(verdict: ErrorCode, version: number): ErrorCode {
  const errorCode = verifiedError(verdict, version >= abortableSince);
  switch (errorCode) {
    case ErrorCode.CONCURRENT_TRANSACTIONS:
      return version < addsSince ? ErrorCode.NOT_ENOUGH_REPLICAS : errorCode;
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.NOT_COORDINATOR:
      return ErrorCode.NOT_ENOUGH_REPLICAS;
    default:
      return errorCode;
  }
}
