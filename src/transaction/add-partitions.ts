import type { ReplyToken } from "../coordinator/machine.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { isPrepared, type TransactionMetadata, turnTo } from "./record.ts";
import type { AddPartitions, AddPartitionsReply, TopicPartitions } from "./requests.ts";
import { type Shard, save, type TransactionContext } from "./shard.ts";

/**
 * Partitions join a transaction, which begins with the first of them (KIP-98); or a broker asks whether they have
 * (KIP-890), which changes nothing.
 */
export function addPartitions(
  shard: Shard,
  request: AddPartitions,
  token: ReplyToken,
  context: TransactionContext,
): void {
  const { transactionalId, topics, verifyOnly } = request;
  const current = shard.durable.get(transactionalId);
  const refusal = refuseProducer(request, current);
  if (refusal || current === undefined)
    return context.reply(
      token,
      answer(topics, () => refusal),
    );
  const added = partitionsOf(current);
  if (verifyOnly) {
    const errorOf = (name: string, partition: number) =>
      added.get(name)?.has(partition) ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE;
    return context.reply(token, answer(topics, errorOf));
  }
  const isIn = topics.every(({ name, partitions }) => partitions.every((it) => added.get(name)?.has(it)));
  const errorCode =
    current.state === "Ongoing" && isIn
      ? ErrorCode.NONE
      : save(transactionalId, grown(current, request, context), context);
  context.reply(
    token,
    answer(topics, () => errorCode),
  );
}

/** While a transaction ends, nobody adds to it, whoever that is; who only verifies is looked at first. */
function refuseProducer(
  { producerId, producerEpoch, verifyOnly }: AddPartitions,
  current: TransactionMetadata | undefined,
): ErrorCode {
  const isEnding = current !== undefined && isPrepared(current);
  if (isEnding && !verifyOnly) return ErrorCode.CONCURRENT_TRANSACTIONS;
  if (current?.producerId !== producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  if (current.producerEpoch !== producerEpoch) return ErrorCode.PRODUCER_FENCED;
  return isEnding ? ErrorCode.CONCURRENT_TRANSACTIONS : ErrorCode.NONE;
}

function grown(
  current: TransactionMetadata,
  { topics, transactionVersion }: AddPartitions,
  { now }: TransactionContext,
) {
  const all = partitionsOf(current);
  for (const { name, partitions } of topics) all.set(name, new Set([...(all.get(name) ?? []), ...partitions]));
  const changes = {
    topics: Array.from(all, ([name, partitions]) => ({ name, partitions: [...partitions] })),
    startMs: current.state === "Ongoing" ? current.startMs : now.wallMs,
    clientTransactionVersion: transactionVersion,
  };
  return turnTo("Ongoing", current, changes, now.wallMs);
}

function partitionsOf({ topics }: TransactionMetadata): Map<string, ReadonlySet<number>> {
  return new Map(topics.map(({ name, partitions }) => [name, new Set(partitions)]));
}

function answer(
  topics: readonly TopicPartitions[],
  errorOf: (name: string, partition: number) => ErrorCode,
): AddPartitionsReply {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partition) => ({ partition, errorCode: errorOf(name, partition) })),
    })),
  };
}
