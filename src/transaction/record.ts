import type { TopicPartitions } from "./requests.ts";
import { assertTransition, type TransactionState } from "./transitions.ts";

/** The record of `__transaction_state`. No value: a tombstone. */
export interface TransactionRecord {
  readonly transactionalId: string;
  readonly value: TransactionMetadata | null;
}

/** All that is durable of one transactional id. Numbers that do not apply are -1. */
export interface TransactionMetadata {
  readonly producerId: number;
  /** The id before the last change of anything: with it a producer whose id was replaced is known again (KIP-360). */
  readonly previousProducerId: number;
  /** The id that the producer gets when the transaction is complete, since its epochs are used up (KIP-890). */
  readonly nextProducerId: number;
  readonly producerEpoch: number;
  readonly transactionTimeoutMs: number;
  readonly state: TransactionState;
  /** Partitions in which the transaction has to be ended, in the order in which they were added. */
  readonly topics: readonly TopicPartitions[];
  readonly lastUpdateMs: number;
  readonly startMs: number;
  /** Of who changed it last; 1 is read and kept, and counts as 0. */
  readonly clientTransactionVersion: number;
}

/** The last epoch with which a transaction may begin: one more has to be left to fence the producer. */
export const lastEpoch = 32_766;
/** An int16 ends here. */
export const fencingEpoch = 32_767;

type Changes = Partial<Omit<TransactionMetadata, "state" | "previousProducerId" | "lastUpdateMs">>;

/** What comes of a turn to another state (or of a change in the same one). @throws when the table does not have it. */
export function turnTo(
  state: TransactionState,
  before: TransactionMetadata,
  changes: Changes,
  wallMs: number,
): TransactionMetadata {
  assertTransition(before.state, state);
  return { ...before, ...changes, state, previousProducerId: before.producerId, lastUpdateMs: wallMs };
}

/** How it ends is decided, and its markers are being written. */
export function isPrepared({ state }: TransactionMetadata): boolean {
  return state === "PrepareCommit" || state === "PrepareAbort";
}

/** A transactional id that nobody has used; the first epoch is 0. */
export function unused(producerId: number, transactionTimeoutMs: number, wallMs: number): TransactionMetadata {
  return {
    producerId,
    previousProducerId: -1,
    nextProducerId: -1,
    producerEpoch: -1,
    transactionTimeoutMs,
    state: "Empty",
    topics: [],
    lastUpdateMs: wallMs,
    startMs: -1,
    clientTransactionVersion: 0,
  };
}
