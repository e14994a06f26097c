import type { ProducerIdAndEpoch, TopicPartitions } from "./requests.ts";

/** What happened to transactions, told when it is durable. */
export type TransactionFact = MarkersWanted | TransactionCompleted | TransactionTimedOut | TransactionalIdsExpired;

/**
 * How a transaction ends is decided: it has to be written into all of its partitions, by whoever hears this, and
 * answered by `MarkersWritten`. Told again after a load, so that no crash leaves it undone.
 */
export interface MarkersWanted extends ProducerIdAndEpoch {
  readonly type: "MarkersWanted";
  readonly transactionalId: string;
  readonly result: "COMMIT" | "ABORT";
  readonly transactionVersion: number;
  readonly topics: readonly TopicPartitions[];
}

export interface TransactionCompleted {
  readonly type: "TransactionCompleted";
  readonly transactionalId: string;
  readonly result: "COMMIT" | "ABORT";
  readonly partitions: number;
  /** Since its first partition was added. */
  readonly durationMs: number;
}

/** Nobody ended the transaction in time: it is aborted, and its producer fenced. */
export interface TransactionTimedOut extends ProducerIdAndEpoch {
  readonly type: "TransactionTimedOut";
  readonly transactionalId: string;
  readonly timeoutMs: number;
}

export interface TransactionalIdsExpired {
  readonly type: "TransactionalIdsExpired";
  readonly transactionalIds: readonly string[];
}
