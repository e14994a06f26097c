import { isInternalTopic } from "../../metadata/topic-names.ts";
import type { AddPartitionsToTxn, AddPartitionsToTxnRequest } from "../../protocol/apis/add-partitions-to-txn.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler, RequestContext } from "../context.ts";
import { askTransaction, fencedAs } from "../transactions.ts";

type AskedTransaction = AddPartitionsToTxnRequest["transactions"][number];

/** Up to version 3 clients add partitions to their transaction; later versions are for brokers (KIP-890). */
export const addPartitionsToTxn: Handler<typeof AddPartitionsToTxn> = async (request, context) => {
  if (context.version < 4) return { resultsByTopicV3AndBelow: await add(asAskedUpToV3(request), context) };
  const resultsByTransaction = request.transactions.map(async (asked) => {
    return { transactionalId: asked.transactionalId, topicResults: await add(asked, context) };
  });
  return { errorCode: ErrorCode.NONE, resultsByTransaction: await Promise.all(resultsByTransaction) };
};

function asAskedUpToV3(request: AddPartitionsToTxnRequest): AskedTransaction {
  return {
    transactionalId: request.v3AndBelowTransactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    verifyOnly: false,
    topics: request.v3AndBelowTopics,
  };
}

/** All partitions are added, or none: where one cannot be, the others are told that nothing was tried. */
async function add(asked: AskedTransaction, context: RequestContext) {
  const { version } = context;
  const refusals = refuseTopics(asked, context);
  if (refusals !== undefined) return refusals;
  const transactionVersion = version < 4 ? 0 : 2;
  const outcome = await askTransaction(
    "AddPartitions",
    asked.transactionalId,
    { ...asked, transactionVersion },
    context,
  );
  if (!outcome.ok) return answer(asked, () => outcome.errorCode);
  return outcome.reply.topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map(({ partition: partitionIndex, errorCode }) => {
      return { partitionIndex, partitionErrorCode: fencedAs(errorCode, version >= 2) };
    }),
  }));
}

function refuseTopics(asked: AskedTransaction, { broker, version }: RequestContext) {
  const errorOf = (name: string, partition: number) => {
    if (version < 4 && isInternalTopic(name)) return ErrorCode.TOPIC_AUTHORIZATION_FAILED;
    const isThere = broker.metadata.topic(name)?.partitions[partition] !== undefined;
    return isThere ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  };
  const isRefused = asked.topics.some(({ name, partitions }) => partitions.some((it) => errorOf(name, it)));
  if (!isRefused) return undefined;
  return answer(asked, (name, partition) => errorOf(name, partition) || ErrorCode.OPERATION_NOT_ATTEMPTED);
}

function answer({ topics }: AskedTransaction, errorOf: (name: string, partition: number) => ErrorCode) {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => {
      return { partitionIndex, partitionErrorCode: errorOf(name, partitionIndex) };
    }),
  }));
}
