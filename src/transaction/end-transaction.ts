import type { ReplyToken } from "../coordinator/machine.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { type EndState, endOfV0, endOfV2 } from "./end-rules.ts";
import { fencingEpoch, isPrepared, lastEpoch, type TransactionMetadata, turnTo } from "./record.ts";
import type { EndTransaction, MarkersWritten, TransactionVersion } from "./requests.ts";
import { noProducer, type Shard, save, type TransactionContext } from "./shard.ts";

/**
 * A transaction is to be committed or aborted (KIP-98, 890). Once that is decided and durable the producer is answered;
 * what makes it so, the markers, is written after.
 */
export function endTransaction(
  shard: Shard,
  request: EndTransaction,
  token: ReplyToken,
  context: TransactionContext,
): void {
  const { transactionalId, transactionVersion } = request;
  const current = shard.durable.get(transactionalId);
  if (current === undefined) {
    return context.reply(token, { errorCode: ErrorCode.INVALID_PRODUCER_ID_MAPPING, ...noProducer });
  }
  const end = transactionVersion === 2 ? endOfV2(request, current) : endOfV0(request, current);
  if (!("state" in end)) {
    const { producerId, producerEpoch } = end.errorCode === ErrorCode.NONE ? current : noProducer;
    return context.reply(token, { errorCode: end.errorCode, producerId, producerEpoch });
  }
  const errorCode = prepare(shard, transactionalId, current, end.state, transactionVersion, context);
  if (errorCode) return context.reply(token, { errorCode, ...noProducer });
  const ended = shard.durable.get(transactionalId)!;
  const { producerId, producerEpoch } = isPrepared(ended) ? completed(ended, context.now.wallMs) : ended;
  context.reply(token, { errorCode, producerId, producerEpoch });
}

/**
 * The coordinator aborts a transaction that its producer does not end, and fences the producer.
 * @returns NONE, or why it cannot be done now.
 */
export function abortOngoing(
  shard: Shard,
  transactionalId: string,
  current: TransactionMetadata,
  context: TransactionContext,
): ErrorCode {
  const fenced = turnTo("PrepareEpochFence", current, {}, context.now.wallMs);
  return prepare(shard, transactionalId, fenced, "PrepareAbort", 2, context);
}

/** When all markers are written the next transaction may begin. Another one than the one meant is left alone. */
export function markersWritten(
  shard: Shard,
  { transactionalId, producerId, producerEpoch, left }: MarkersWritten,
  token: ReplyToken,
  context: TransactionContext,
): void {
  const current = shard.durable.get(transactionalId);
  const isMeant = current?.producerId === producerId && current.producerEpoch === producerEpoch;
  if (!isMeant || !isPrepared(current)) return context.reply(token, { errorCode: ErrorCode.NONE });
  if (left.length === 0) return context.reply(token, { errorCode: complete(shard, transactionalId, current, context) });
  shard.unmarked.set(transactionalId, left);
  context.reply(token, { errorCode: ErrorCode.NONE });
}

/** Has the markers of a transaction written, whose end is decided. */
export function wantMarkers(transactionalId: string, prepared: TransactionMetadata, context: TransactionContext): void {
  const { producerId, producerEpoch, clientTransactionVersion: transactionVersion, topics } = prepared;
  const result = resultOf(prepared);
  const marker = { transactionalId, result, producerId, producerEpoch, transactionVersion, topics };
  context.publish({ type: "MarkersWanted", ...marker });
}

/** @param current a transaction to which nothing was added is over as soon as it is prepared. */
function prepare(
  shard: Shard,
  transactionalId: string,
  current: TransactionMetadata,
  state: EndState,
  transactionVersion: TransactionVersion,
  context: TransactionContext,
): ErrorCode {
  const { wallMs } = context.now;
  const isV2 = transactionVersion === 2;
  const isExhausted = isV2 && current.producerEpoch >= lastEpoch;
  const nextProducerId = isExhausted ? shard.takeProducerId() : -1;
  if (nextProducerId === undefined) return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
  const isOpen = current.state === "Ongoing" || current.state === "PrepareEpochFence";
  const changes = {
    nextProducerId,
    producerEpoch: isV2 ? Math.min(current.producerEpoch + 1, fencingEpoch) : current.producerEpoch,
    startMs: isOpen ? current.startMs : wallMs,
    clientTransactionVersion: transactionVersion,
  };
  const prepared = turnTo(state, current, changes, wallMs);
  const errorCode = save(transactionalId, prepared, context);
  if (errorCode) return errorCode;
  if (isV2) shard.epochsBefore.set(transactionalId, current.producerEpoch);
  const isOver = prepared.topics.length === 0 && complete(shard, transactionalId, prepared, context) === ErrorCode.NONE;
  if (!isOver) wantMarkers(transactionalId, prepared, context); // into nowhere, if the log refused: it is said again
  return ErrorCode.NONE;
}

function complete(
  shard: Shard,
  transactionalId: string,
  prepared: TransactionMetadata,
  context: TransactionContext,
): ErrorCode {
  const errorCode = save(transactionalId, completed(prepared, context.now.wallMs), context);
  if (errorCode) return errorCode;
  shard.unmarked.delete(transactionalId);
  const partitions = prepared.topics.reduce((sum, topic) => sum + topic.partitions.length, 0);
  const durationMs = context.now.wallMs - prepared.startMs;
  const result = resultOf(prepared);
  context.publish({ type: "TransactionCompleted", transactionalId, result, partitions, durationMs });
  return ErrorCode.NONE;
}

/** What a prepared transaction comes to. A producer whose epochs are used up goes on under its next id. */
function completed(prepared: TransactionMetadata, wallMs: number): TransactionMetadata {
  const { state, clientTransactionVersion, nextProducerId } = prepared;
  const isReplaced = clientTransactionVersion >= 2 && nextProducerId !== -1;
  const producer = isReplaced ? { producerId: nextProducerId, producerEpoch: 0 } : {};
  const end = state === "PrepareCommit" ? "CompleteCommit" : "CompleteAbort";
  return turnTo(end, prepared, { ...producer, nextProducerId: -1, topics: [] }, wallMs);
}

function resultOf({ state }: TransactionMetadata): "COMMIT" | "ABORT" {
  return state === "PrepareCommit" ? "COMMIT" : "ABORT";
}
