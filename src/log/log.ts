/**
 * The port behind which bytes become durable. A `Log` holds partitions; a partition is an ordered sequence of
 * format 2 record batches (`src/protocol/records/`), fenced by leader epoch.
 *
 * `append` assigns offsets at once and in order; its promise resolves when the bytes are durable. Only what is
 * durable lies below the high watermark and may be shown to a consumer or be behind a reply.
 */
import type { ProducerVerdict } from "./producer-state.ts";

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What of a topic's configuration the log acts on. Kafka's topic configs; bytes and milliseconds, -1 is unlimited. */
export interface LogConfig {
  readonly cleanupPolicy: { readonly delete: boolean; readonly compact: boolean };
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly indexIntervalBytes: number;
  readonly maxMessageBytes: number;
  readonly deleteRetentionMs: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly minCleanableDirtyRatio: number;
  readonly fileDeleteDelayMs: number;
}

/** Ordered durable bytes, one log for each partition: the port between the broker and its storage. */
export interface Log {
  /** Every partition that the storage holds, opened or not. */
  partitions(): Iterable<TopicPartition & { readonly topicId: string }>;
  /** The partition, if there is one. Costs no open file until it is appended to or read. */
  get(topic: string, partition: number): PartitionLog | undefined;
  /** Makes an empty partition; durable when the promise resolves. @throws {LogError} when it exists. */
  create(at: TopicPartition & { readonly topicId: string }, config: LogConfig): Promise<PartitionLog>;
  /** Takes the partition away at once (reads and appends in flight fail with `deleted`), its bytes a little later. */
  delete(topic: string, partition: number): Promise<void>;
  /** Retention and compaction, one round; called by the broker's timer. */
  clean(wallMs: number): Promise<void>;
  /** Makes all durable, gives the folder free. */
  close(): Promise<void>;
}

export type AppendRefusal =
  | "fenced-leader-epoch" // the append's leader epoch is older than the partition's
  | "record-too-large" // a batch is larger than max.message.bytes
  | "too-many-in-flight" // more bytes wait for durability than the engine holds
  | "corrupt" // the partition was found damaged and serves no more
  | "deleted"
  | "failed"; // the disk refused; the broker is about to stop

export type AppendResult =
  | {
      readonly ok: true;
      readonly baseOffset: number;
      /** Offset of the last record appended. */
      readonly lastOffset: number;
      readonly logStartOffset: number;
      /** True when a producer sent the same batch before: nothing was appended, the offsets are those of then. */
      readonly duplicate: boolean;
      /** Resolves when the bytes are durable; rejects with a {@link LogError} when they never will be. */
      readonly durable: Promise<void>;
    }
  | { readonly ok: false; readonly refusal: AppendRefusal }
  | { readonly ok: false; readonly refusal: "producer"; readonly verdict: ProducerVerdict };

export interface AppendOptions {
  readonly leaderEpoch: number;
  /** Wall time, for the age of segments. */
  readonly wallMs: number;
  /** Batches that the broker itself writes: no limit of max.message.bytes, and producers' sequences are not checked. */
  readonly internal?: boolean;
  /** Of the transaction that a marker ends; from 2 on the marker bears a later epoch than its records (KIP-890). */
  readonly transactionVersion?: number;
  /** What `startVerification` gave before the coordinator was asked. Without it nobody begins a transaction here. */
  readonly verification?: Verification | undefined;
}

/**
 * A producer's first batch of a transaction waits for the word of its coordinator (KIP-890). A marker that comes
 * meanwhile voids this: what was verified is not the transaction that is open afterwards.
 */
export interface Verification {
  readonly producerId: number;
}

export type VerificationStart =
  | { readonly kind: "ongoing" } // the partition is part of the transaction already
  | { readonly kind: "needed"; readonly verification: Verification }
  | { readonly kind: "refused"; readonly verdict: ProducerVerdict };

/** The first batch that a producer wants to append in a transaction. */
export interface TransactionStart {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

/** What a read_committed reader leaves out: the producer's records from the offset on, up to its next ABORT marker. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface ReadResult {
  /** Whole batches, the first holding the offset asked for; several pieces so that none is copied. */
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
  /** Behind the last batch read; the offset asked for when there is none. */
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
}

/**
 * `high-watermark`: what is durable. `last-stable-offset`: in front of the oldest open transaction as well.
 * `log-end`: everything, for a coordinator that loads.
 */
export type ReadBound = "high-watermark" | "last-stable-offset" | "log-end";

export interface ReadOptions {
  /** Most bytes to read. The first batch is given whole even if larger when `atLeastOne` is set. */
  readonly maxBytes: number;
  readonly atLeastOne: boolean;
  readonly upTo: ReadBound;
}

export interface PartitionLog {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  /** First offset that may be read. */
  readonly logStartOffset: number;
  /** Offset that the next record gets. */
  readonly logEndOffset: number;
  /** Everything below is durable. */
  readonly highWatermark: number;
  /** Everything below is durable and decided: committed, aborted, or of no transaction. */
  readonly lastStableOffset: number;
  /** Highest leader epoch seen: appends under an older one are fenced. */
  readonly leaderEpoch: number;
  /** Bytes of all segments. */
  readonly sizeInBytes: number;
  readonly config: LogConfig;
  configure(config: LogConfig): void;

  /** Fences every older epoch, when this broker (re)starts to lead. @throws {RangeError} when a newer one is known. */
  becomeLeader(leaderEpoch: number): void;

  /** Would an append of this size be taken now? Changes nothing. */
  admit(
    batchBytes: number,
    options: AppendOptions,
  ): { readonly ok: true } | { readonly ok: false; readonly refusal: AppendRefusal };

  /**
   * Appends whole, validated batches. Base offset and partition leader epoch are written into `batches` in place (they
   * are outside the checksum), so the caller hands over bytes of its own. They are copied: it may use that memory again
   * as soon as the call is over. A marker (`encodeControlBatch`, internal) ends its producer's transaction; what stands
   * against it comes as the producer's verdict.
   */
  append(batches: Uint8Array, options: AppendOptions): AppendResult;

  /** @returns undefined when `offset` is below the log start or above the log end. @throws {LogError} when damaged. */
  read(offset: number, options: ReadOptions): Promise<ReadResult | undefined>;

  /** Bytes that `read` finds from `offset` on; an estimate without I/O. Default: up to the high watermark. */
  bytesFrom(offset: number, upTo?: "high-watermark" | "last-stable-offset"): number;

  /** The aborted transactions that have records in [fromOffset, toOffset), in the order of their markers. */
  abortedTransactions(fromOffset: number, toOffset: number): readonly AbortedTransaction[];
  /** Has the producer a transaction open here, under this epoch? Then its coordinator need not be asked again. */
  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean;
  /**
   * Before the coordinator is asked whether a client's transaction may begin here.
   * @param addsPartition the coordinator adds the partition by itself (Produce v12 and TxnOffsetCommit v5 on).
   */
  startVerification(start: TransactionStart, addsPartition: boolean, wallMs: number): VerificationStart;

  /** First offset whose record has a timestamp ≥ `timestampMs`, among those below the high watermark. */
  offsetForTimestamp(timestampMs: number): Promise<TimestampAndOffset | undefined>;
  /** The largest timestamp and the first offset that has it. */
  maxTimestamp(): Promise<TimestampAndOffset | undefined>;

  /** KIP-320: the end offset of the largest epoch ≤ `leaderEpoch`; undefined when there is none. */
  endOffsetForEpoch(leaderEpoch: number): { readonly leaderEpoch: number; readonly endOffset: number } | undefined;
  /** The leader epoch under which `offset` was (or would be) written; -1 when unknown. */
  epochOfOffset(offset: number): number;

  /** DeleteRecords: moves the log start; durable when it resolves. @throws {RangeError} above the high watermark. */
  deleteBefore(offset: number): Promise<void>;
  /** Cuts everything from `offset` on; durable when it resolves. The leader epoch stays. */
  truncate(offset: number): Promise<void>;

  /** Calls back whenever the high watermark or the log start moves, or the partition goes. @returns unsubscribe. */
  watch(onChange: () => void): () => void;

  /** State of idempotent and transactional producers, for DescribeProducers. */
  producers(): Iterable<ProducerSnapshot>;
}

export interface TimestampAndOffset {
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

export interface ProducerSnapshot {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  /** Of the coordinator that ended its last transaction here; -1: none did. */
  readonly coordinatorEpoch: number;
  /** -1: none is open. */
  readonly currentTxnStartOffset: number;
}

export type LogErrorKind = "corrupt" | "deleted" | "failed" | "exists" | "locked" | "closed";

/** The log cannot do what is asked of it; `kind` says why. */
export class LogError extends Error {
  override readonly name = "LogError";
  readonly kind: LogErrorKind;
  constructor(kind: LogErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
