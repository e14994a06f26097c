/** One Produce request: batches of several partitions to the broker that leads them, and what it says of each. */
import { nodePlatform } from "../../platform/node-platform.ts";
import { Produce } from "../../protocol/apis/produce.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { type ResponseOf, zeroUuid } from "../../protocol/schema.ts";
import type { Cluster } from "../cluster.ts";
import type { ProducerConfig } from "../producer-keys.ts";
import { partitionKey } from "../topic-partition.ts";
import type { ProducerBatch } from "./batch.ts";

export interface PartitionResult {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** -1: not told. */
  readonly baseOffset: number;
  /** -1 unless the topic has LogAppendTime. */
  readonly logAppendTimeMs: number;
  readonly recordErrors: readonly { readonly batchIndex: number; readonly batchIndexErrorMessage: string | null }[];
}

/** From version 13 on topics go by their ids. */
const firstVersionWithIds = 13;
/** From version 12 on a batch makes its partition take part in the transaction (KIP-890). */
const firstVersionThatJoins = 12;

/** The transaction that the batches belong to. */
export interface TransactionTerms {
  readonly transactionalId: string;
  /** Of the protocol of transactions: batches make their partitions take part. */
  readonly usesV2: boolean;
}

/**
 * @returns the result of each batch; of one that the answer does not name, UNKNOWN_SERVER_ERROR.
 * @throws {KafkaError} of the cluster, when there is no answer.
 */
export async function produce(
  cluster: Cluster,
  config: ProducerConfig,
  nodeId: number,
  batches: readonly ProducerBatch[],
  transaction: TransactionTerms | undefined,
): Promise<Map<ProducerBatch, PartitionResult>> {
  const idOf = (topic: string) => cluster.known.topics.get(topic)?.topicId ?? zeroUuid;
  const topics = Map.groupBy(batches, ({ topic }) => topic);
  const allHaveIds = [...topics.keys()].every((topic) => idOf(topic) !== zeroUuid);
  const names = new Map([...topics.keys()].map((topic) => [idOf(topic), topic]));
  const request = (version: number) => ({
    transactionalId: transaction?.transactionalId ?? null,
    acks: config.acks,
    timeoutMs: config.requestTimeoutMs,
    topicData: [...topics].map(([topic, itsBatches]) => ({
      ...(version < firstVersionWithIds ? { name: topic } : { topicId: idOf(topic) }),
      partitionData: itsBatches.map((batch) => ({
        index: batch.partition,
        records: batch.encoded(config.compressionType, nodePlatform),
      })),
    })),
  });
  const answer = await cluster.send(nodeId, Produce, request, {
    versions: versionsFor(transaction, allHaveIds),
    expectsAnswer: config.acks !== 0,
  });
  if (config.acks === 0) return new Map(batches.map((batch) => [batch, unanswered]));
  return resultsOf(batches, answer, names);
}

function versionsFor(transaction: TransactionTerms | undefined, allHaveIds: boolean): readonly [number, number] {
  const [lowest, highest] = Produce.versions;
  if (transaction?.usesV2 === false) return [lowest, firstVersionThatJoins - 1];
  return [transaction === undefined ? lowest : firstVersionThatJoins, allHaveIds ? highest : firstVersionWithIds - 1];
}

const unanswered: PartitionResult = {
  errorCode: ErrorCode.NONE,
  errorMessage: null,
  baseOffset: -1,
  logAppendTimeMs: -1,
  recordErrors: [],
};

function resultsOf(
  batches: readonly ProducerBatch[],
  answer: ResponseOf<typeof Produce>,
  names: ReadonlyMap<string, string>,
): Map<ProducerBatch, PartitionResult> {
  const results = new Map<string, PartitionResult>();
  for (const { name, topicId, partitionResponses } of answer.responses) {
    const topic = name === "" ? names.get(topicId) : name;
    if (topic === undefined) continue;
    for (const result of partitionResponses) results.set(partitionKey(topic, result.index), result);
  }
  const missing = { ...unanswered, errorCode: ErrorCode.UNKNOWN_SERVER_ERROR };
  return new Map(batches.map((batch) => [batch, results.get(partitionKey(batch.topic, batch.partition)) ?? missing]));
}
