import type { StepContext } from "../coordinator/machine.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { TransactionConfig } from "./config.ts";
import type { TransactionFact } from "./facts.ts";
import type { TransactionMetadata, TransactionRecord } from "./record.ts";
import type { TopicPartitions, TransactionRequests } from "./requests.ts";

export interface TransactionTimer {
  readonly kind: "timeouts" | "expiry";
}

export type TransactionContext = StepContext<TransactionRequests, TransactionRecord, TransactionTimer, TransactionFact>;

/** One partition of `__transaction_state`: what survives a restart, and what a reload may forget. */
export interface Shard {
  readonly config: TransactionConfig;
  /** By transactional id. Written by `replay` and by nothing else. */
  readonly durable: Map<string, TransactionMetadata>;
  /**
   * The epoch that a producer had before the one it has, by transactional id: with it the producer may ask again
   * (KIP-360). Kafka's records do not hold it, so a reload forgets it there too.
   */
  readonly epochsBefore: Map<string, number>;
  /** By transactional id, what DescribeTransactions tells of one that is ending: where markers are still missing. */
  readonly unmarked: Map<string, readonly TopicPartitions[]>;
  /** A producer id that no one had before; undefined while none is at hand. */
  readonly takeProducerId: () => number | undefined;
}

/** @returns NONE, or what the client is told when the log refuses; then nothing has changed. */
export function save(transactionalId: string, value: TransactionMetadata, context: TransactionContext): ErrorCode {
  const admission = context.emit([{ transactionalId, value }]);
  if (admission.ok) return ErrorCode.NONE;
  return admission.errorCode === ErrorCode.RECORD_LIST_TOO_LARGE ? ErrorCode.UNKNOWN_SERVER_ERROR : admission.errorCode;
}

export const noProducer = { producerId: -1, producerEpoch: -1 };
