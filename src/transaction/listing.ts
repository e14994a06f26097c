import { ErrorCode } from "../protocol/errors.ts";
import type { DescribedTransaction, ListedTransaction, ListFilter } from "./requests.ts";
import type { Shard } from "./shard.ts";

/** One transactional id as DescribeTransactions tells it (KIP-664). */
export function describeTransaction({ durable, unmarked }: Shard, transactionalId: string): DescribedTransaction {
  const found = durable.get(transactionalId);
  if (found === undefined) {
    return { ...nothing, transactionalId, errorCode: ErrorCode.TRANSACTIONAL_ID_NOT_FOUND };
  }
  const { state: transactionState, transactionTimeoutMs, startMs, producerId, producerEpoch } = found;
  const topics = unmarked.get(transactionalId) ?? found.topics;
  const transactionStartTimeMs = startMs;
  const errorCode = ErrorCode.NONE;
  const told = { transactionState, transactionTimeoutMs, transactionStartTimeMs, producerId, producerEpoch, topics };
  return { errorCode, transactionalId, ...told };
}

/** What Kafka tells beside an error; also of the producer it is 0, which may be somebody's id. */
export const nothing = {
  producerId: 0,
  producerEpoch: 0,
  transactionState: "",
  transactionTimeoutMs: 0,
  transactionStartTimeMs: 0,
  topics: [],
};

/** The ids of the shard that every filter lets through (KIP-664, 994, 1152). */
export function listTransactions(
  { durable }: Shard,
  { states, producerIds, durationMs, matches }: ListFilter,
  wallMs: number,
): ListedTransaction[] {
  const listed: ListedTransaction[] = [];
  for (const [transactionalId, { producerId, state: transactionState, startMs }] of durable) {
    if (states !== null && !states.includes(transactionState)) continue;
    if (producerIds.length > 0 && !producerIds.includes(producerId)) continue;
    if (durationMs >= 0 && wallMs - startMs <= durationMs) continue;
    if (matches(transactionalId)) listed.push({ transactionalId, producerId, transactionState });
  }
  return listed;
}
