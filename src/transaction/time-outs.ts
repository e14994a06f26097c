import { ErrorCode } from "../protocol/errors.ts";
import { abortOngoing } from "./end-transaction.ts";
import type { TransactionMetadata, TransactionRecord } from "./record.ts";
import type { Shard, TransactionContext } from "./shard.ts";

/** Transactions that nobody ended within transaction.timeout.ms are aborted. One that cannot be is looked at again. */
export function abortTimedOut(shard: Shard, context: TransactionContext): void {
  for (const [transactionalId, current] of [...shard.durable]) {
    if (!isTimedOut(current, context.now.wallMs)) continue;
    if (abortOngoing(shard, transactionalId, current, context) !== ErrorCode.NONE) continue;
    const { producerId, producerEpoch, transactionTimeoutMs: timeoutMs } = current;
    context.publish({ type: "TransactionTimedOut", transactionalId, producerId, producerEpoch, timeoutMs });
  }
}

/** Kafka's sign for a transaction that another coordinator ends (KIP-939). */
const noTimeoutMs = 2_147_483_647;

function isTimedOut({ state, startMs, transactionTimeoutMs }: TransactionMetadata, wallMs: number): boolean {
  return state === "Ongoing" && transactionTimeoutMs !== noTimeoutMs && startMs + transactionTimeoutMs < wallMs;
}

/** One batch of tombstones; very many ids take several. */
const recordsPerBatch = 1_000;
const idle: ReadonlySet<string> = new Set(["Empty", "CompleteCommit", "CompleteAbort"]);

/** Ids that nobody used for transactional.id.expiration.ms are forgotten; their producers begin anew. */
export function removeExpired(shard: Shard, context: TransactionContext): void {
  const { durable, epochsBefore, config } = shard;
  const newestMs = context.now.wallMs - config.transactionalIdExpirationMs;
  const records: TransactionRecord[] = [];
  for (const [transactionalId, { state, lastUpdateMs }] of durable) {
    if (idle.has(state) && lastUpdateMs <= newestMs) records.push({ transactionalId, value: null });
  }
  for (let at = 0; at < records.length; at += recordsPerBatch) {
    const batch = records.slice(at, at + recordsPerBatch);
    if (!context.emit(batch).ok) return; // the next check tries again
    const transactionalIds = batch.map(({ transactionalId }) => transactionalId);
    for (const transactionalId of transactionalIds) epochsBefore.delete(transactionalId);
    context.publish({ type: "TransactionalIdsExpired", transactionalIds });
  }
}
