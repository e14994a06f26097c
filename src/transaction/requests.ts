/**
 * What the broker asks of one transaction coordinator shard: a partition of `__transaction_state`. Requests that name
 * several transactional ids are split before: one request here is about one id, or (List) about all of the shard. An
 * empty id never comes here: the handler has answered INVALID_REQUEST.
 */
import type { ErrorCode } from "../protocol/errors.ts";
import type { TransactionState } from "./transitions.ts";

/** 0: as clients since KIP-98 know it; 2: the epoch grows with each transaction (KIP-890). */
export type TransactionVersion = 0 | 2;

export interface TopicPartitions {
  readonly name: string;
  readonly partitions: readonly number[];
}

export interface ProducerIdAndEpoch {
  readonly producerId: number;
  readonly producerEpoch: number;
}

// A type alias, not an interface: only aliases are taken for the runtime's Record of requests.
export type TransactionRequests = {
  /** A producer begins its work under the id, and fences whoever had it before. */
  InitProducerId: { readonly request: InitProducerId; readonly reply: Answered };
  /** One error for each partition, in the order asked for. */
  AddPartitions: { readonly request: AddPartitions; readonly reply: AddPartitionsReply };
  EndTransaction: { readonly request: EndTransaction; readonly reply: Answered };
  /** Internal: markers that a fact asked for stand in their logs, or their topics are gone. */
  MarkersWritten: { readonly request: MarkersWritten; readonly reply: { readonly errorCode: ErrorCode } };
  Describe: { readonly request: { readonly transactionalId: string }; readonly reply: DescribedTransaction };
  List: { readonly request: ListFilter; readonly reply: readonly ListedTransaction[] };
};

export interface InitProducerId {
  readonly transactionalId: string;
  /** Between 1 and transaction.max.timeout.ms; the handler has looked. */
  readonly transactionTimeoutMs: number;
  /** What the producer had before, to go on with (KIP-360); undefined: it begins anew. */
  readonly expected: ProducerIdAndEpoch | undefined;
}

export interface AddPartitions extends ProducerIdAndEpoch {
  readonly transactionalId: string;
  readonly topics: readonly TopicPartitions[];
  /** Only looks whether they have been added. */
  readonly verifyOnly: boolean;
  readonly transactionVersion: TransactionVersion;
}

export interface AddPartitionsReply {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: ErrorCode }[];
  }[];
}

export interface EndTransaction extends ProducerIdAndEpoch {
  readonly transactionalId: string;
  readonly committed: boolean;
  readonly transactionVersion: TransactionVersion;
}

/** The producer's id and epoch from now on; -1 with an error. */
export interface Answered extends ProducerIdAndEpoch {
  readonly errorCode: ErrorCode;
}

export interface MarkersWritten extends ProducerIdAndEpoch {
  readonly transactionalId: string;
  /** Where none could be written yet; nowhere: the transaction is over. */
  readonly left: readonly TopicPartitions[];
}

export interface DescribedTransaction extends ProducerIdAndEpoch {
  readonly errorCode: ErrorCode;
  readonly transactionalId: string;
  readonly transactionState: string;
  readonly transactionTimeoutMs: number;
  /** -1: none is open. */
  readonly transactionStartTimeMs: number;
  readonly topics: readonly TopicPartitions[];
}

export interface ListFilter {
  /** null: all. Names that are none were left out before, so that a filter of them alone lets nothing through. */
  readonly states: readonly TransactionState[] | null;
  /** Empty: all. */
  readonly producerIds: readonly number[];
  /** Only transactions that are open for longer; negative: all. */
  readonly durationMs: number;
  readonly matches: (transactionalId: string) => boolean;
}

export interface ListedTransaction {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly transactionState: TransactionState;
}
