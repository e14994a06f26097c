import type { ReplyToken } from "../coordinator/machine.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { abortOngoing } from "./end-transaction.ts";
import { isPrepared, lastEpoch, type TransactionMetadata, turnTo, unused } from "./record.ts";
import type { InitProducerId, ProducerIdAndEpoch } from "./requests.ts";
import { noProducer, type Shard, save, type TransactionContext } from "./shard.ts";

/**
 * A producer begins its work under a transactional id (KIP-98): a higher epoch fences whoever had it before. A
 * transaction that is still open is aborted first, and the producer asks again until that is done.
 */
export function initProducerId(
  shard: Shard,
  request: InitProducerId,
  token: ReplyToken,
  context: TransactionContext,
): void {
  const { transactionalId, expected } = request;
  const refuse = (errorCode: ErrorCode) => context.reply(token, { errorCode, ...noProducer });
  const current = shard.durable.get(transactionalId);
  if (current !== undefined && isPrepared(current)) return refuse(ErrorCode.CONCURRENT_TRANSACTIONS);
  if (current !== undefined && expected !== undefined && !isProducer(expected, current)) {
    return refuse(ErrorCode.PRODUCER_FENCED);
  }
  if (current?.state === "Ongoing") {
    const refusal = abortOngoing(shard, transactionalId, current, context);
    return refuse(refusal || ErrorCode.CONCURRENT_TRANSACTIONS);
  }
  const renewed = renew(shard, request, current, context.now.wallMs);
  if (!renewed.ok) return refuse(renewed.errorCode);
  const errorCode = save(transactionalId, renewed.value, context);
  if (errorCode) return refuse(errorCode);
  shard.epochsBefore.set(transactionalId, renewed.epochBefore);
  const { producerId, producerEpoch } = renewed.value;
  context.reply(token, { errorCode, producerId, producerEpoch });
}

/** Is it the id's producer, or the one that it was before its epochs were used up (KIP-360)? */
function isProducer({ producerId, producerEpoch }: ProducerIdAndEpoch, current: TransactionMetadata): boolean {
  return producerId === current.producerId || (producerId === current.previousProducerId && producerEpoch >= lastEpoch);
}

type Renewed =
  | { readonly ok: true; readonly value: TransactionMetadata; readonly epochBefore: number }
  | { readonly ok: false; readonly errorCode: ErrorCode };

/** The next epoch, or a new id when there is none. A producer that tells an epoch and lost the answer is told again. */
function renew(
  shard: Shard,
  { transactionalId, transactionTimeoutMs, expected }: InitProducerId,
  current: TransactionMetadata | undefined,
  wallMs: number,
): Renewed {
  const isCurrent = expected === undefined || expected.producerEpoch === current?.producerEpoch;
  const isExhausted = current !== undefined && current.producerEpoch >= lastEpoch;
  // Kafka knows no answer to an earlier epoch of a producer id that has none left.
  if (isExhausted && !isCurrent) return { ok: false, errorCode: ErrorCode.UNKNOWN_SERVER_ERROR };
  const cleared = { transactionTimeoutMs, topics: [], startMs: -1 };
  if (current === undefined || isExhausted) {
    const producerId = shard.takeProducerId();
    if (producerId === undefined) return { ok: false, errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS };
    const before = current ?? unused(producerId, transactionTimeoutMs, wallMs);
    const value = turnTo("Empty", before, { ...cleared, producerId, producerEpoch: 0 }, wallMs);
    return { ok: true, value, epochBefore: expected === undefined ? -1 : before.producerEpoch };
  }
  const { producerEpoch } = current;
  if (isCurrent) {
    const value = turnTo("Empty", current, { ...cleared, producerEpoch: producerEpoch + 1 }, wallMs);
    return { ok: true, value, epochBefore: expected === undefined ? -1 : producerEpoch };
  }
  const epochBefore = shard.epochsBefore.get(transactionalId) ?? -1;
  if (expected.producerEpoch !== epochBefore) return { ok: false, errorCode: ErrorCode.PRODUCER_FENCED };
  return { ok: true, value: turnTo("Empty", current, cleared, wallMs), epochBefore };
}
