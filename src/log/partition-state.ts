/**
 * What every engine knows of a partition without reading a byte: offsets, epochs, producers, who watches. An engine
 * asks `prepare` before it stores anything, and tells by `appended` and `advance` what came of it.
 */
import { BatchView, nextBatchSize, setBaseOffset, setLeaderEpoch } from "../protocol/records/batch.ts";
import { CleanedTransactions } from "./cleaned-transactions.ts";
import { type EpochStart, LeaderEpochs } from "./leader-epochs.ts";
import type {
  AbortedTransaction,
  AppendOptions,
  AppendRefusal,
  LogConfig,
  ProducerSnapshot,
  ReadBound,
  TopicPartition,
  TransactionStart,
  VerificationStart,
} from "./log.ts";
import { ProducerStates, type ProducerVerdict, type RememberedBatch } from "./producer-state.ts";

export type PartitionIdentity = TopicPartition & { readonly topicId: string };

export type Prepared =
  | { readonly kind: "append"; readonly batches: readonly BatchView[]; readonly baseOffset: number }
  | { readonly kind: "duplicate"; readonly batch: RememberedBatch }
  | { readonly kind: "refused"; readonly refusal: AppendRefusal }
  | { readonly kind: "producer"; readonly verdict: ProducerVerdict };

export class PartitionState {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  config: LogConfig;
  logStartOffset = 0;
  logEndOffset = 0;
  highWatermark = 0;
  /** Compaction has been through everything below. */
  cleanedTo = 0;
  readonly epochs = new LeaderEpochs();
  readonly producerStates = new ProducerStates();
  /** Why it takes nothing any more. */
  refusal: "corrupt" | "deleted" | "failed" | undefined;
  #leaderEpoch = -1;
  /** Undefined until somebody watches. */
  #watchers: Set<() => void> | undefined;
  #noticePending = false;

  constructor(identity: PartitionIdentity, config: LogConfig) {
    this.topic = identity.topic;
    this.partition = identity.partition;
    this.topicId = identity.topicId;
    this.config = config;
  }

  configure(config: LogConfig): void {
    this.config = config;
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  /** @throws {RangeError} when a newer leader is known. */
  becomeLeader(leaderEpoch: number): void {
    if (leaderEpoch < this.#leaderEpoch) {
      throw new RangeError(`${this.topic}-${this.partition}: epoch ${leaderEpoch} is older than ${this.#leaderEpoch}`);
    }
    this.#leaderEpoch = leaderEpoch;
    this.epochs.assign(leaderEpoch, this.logEndOffset);
  }

  /** As a checkpoint kept it. */
  restoreEpochs(leaderEpoch: number, entries: readonly EpochStart[]): void {
    this.#leaderEpoch = leaderEpoch;
    this.epochs.restore(entries);
  }

  refuse(largestBatchBytes: number, options: AppendOptions): AppendRefusal | undefined {
    if (this.refusal) return this.refusal;
    if (options.leaderEpoch < this.#leaderEpoch) return "fenced-leader-epoch";
    if (!options.internal && largestBatchBytes > this.config.maxMessageBytes) return "record-too-large";
    return undefined;
  }

  /** Decides an append; when it is taken, writes offsets and epoch into the batches. Changes nothing else. */
  prepare(bytes: Uint8Array, options: AppendOptions): Prepared {
    const batches = wholeBatches(bytes);
    const largest = batches.reduce((most, { sizeInBytes }) => Math.max(most, sizeInBytes), 0);
    const refusal = this.refuse(largest, options);
    if (refusal) return { kind: "refused", refusal };
    const check = this.producerStates.check(batches, options);
    if (check.kind === "duplicate") return check;
    if (check.kind === "refused") return { kind: "producer", verdict: check.verdict };
    let offset = this.logEndOffset;
    for (const batch of batches) {
      setBaseOffset(batch, offset);
      setLeaderEpoch(batch, options.leaderEpoch);
      offset += batch.lastOffsetDelta + 1;
    }
    return { kind: "append", batches, baseOffset: this.logEndOffset };
  }

  /** A batch stands at the log's end, now or on recovery. */
  appended(batch: BatchView): void {
    const epoch = batch.partitionLeaderEpoch;
    if (epoch > this.#leaderEpoch) this.#leaderEpoch = epoch;
    if (epoch > this.epochs.latest) this.epochs.assign(epoch, batch.baseOffset);
    this.producerStates.append(batch);
    this.logEndOffset = batch.lastOffset + 1;
  }

  /** Everything below `offset` is durable. */
  advance(offset: number): void {
    if (offset <= this.highWatermark) return;
    this.highWatermark = offset;
    this.producerStates.transactions.advance(offset);
    this.changed();
  }

  /** Kafka's too lies at the log start where an open transaction lost its first records to retention. */
  get lastStableOffset(): number {
    const unstable = this.producerStates.transactions.firstUnstableOffset;
    if (unstable === undefined) return this.highWatermark;
    return Math.min(this.highWatermark, Math.max(unstable, this.logStartOffset));
  }

  /** Where a read ends. */
  boundOf(upTo: ReadBound): number {
    if (upTo === "log-end") return this.logEndOffset;
    return upTo === "high-watermark" ? this.highWatermark : this.lastStableOffset;
  }

  abortedTransactions(fromOffset: number, toOffset: number): readonly AbortedTransaction[] {
    return this.producerStates.transactions.abortedBetween(fromOffset, toOffset);
  }

  /** For one walk through the log by compaction. */
  cleanedTransactions(): CleanedTransactions {
    return new CleanedTransactions(this.producerStates.transactions.abortedByFirstOffset());
  }

  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    return this.producerStates.hasOngoingTransaction(producerId, producerEpoch);
  }

  startVerification(start: TransactionStart, addsPartition: boolean, wallMs: number): VerificationStart {
    return this.producerStates.startVerification(start, addsPartition, wallMs);
  }

  moveStart(offset: number): void {
    if (offset <= this.logStartOffset) return;
    this.logStartOffset = offset;
    this.epochs.truncateStart(offset);
    this.producerStates.transactions.truncateStart(offset);
    this.changed();
  }

  /** @param before the producers as everything in front of `offset` makes them. */
  cutEnd(offset: number, before: ProducerStates): void {
    this.logEndOffset = Math.min(this.logEndOffset, offset);
    this.highWatermark = Math.min(this.highWatermark, offset);
    this.epochs.truncateEnd(offset);
    this.producerStates.truncate(offset, before);
    this.changed();
  }

  producers(): Iterable<ProducerSnapshot> {
    return this.producerStates.snapshots();
  }

  epochOfOffset(offset: number): number {
    return this.epochs.epochOf(offset);
  }

  endOffsetForEpoch(leaderEpoch: number): { leaderEpoch: number; endOffset: number } | undefined {
    return this.epochs.endOffsetFor(leaderEpoch, this.logEndOffset);
  }

  watch(onChange: () => void): () => void {
    const watcher = () => onChange(); // one of its own, so that a function may watch twice
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
    return () => void this.#watchers?.delete(watcher);
  }

  /** Tells the watchers, once for all that changes in this turn, and never from within an append. */
  changed(): void {
    const watchers = this.#watchers;
    if (this.#noticePending || watchers === undefined || watchers.size === 0) return;
    this.#noticePending = true;
    void Promise.resolve().then(() => {
      this.#noticePending = false;
      for (const watcher of [...watchers]) watcher();
    });
  }
}

/** @throws {RangeError} when there is nothing, or something else at the end. */
function wholeBatches(bytes: Uint8Array): BatchView[] {
  const batches: BatchView[] = [];
  let at = 0;
  while (at < bytes.length) {
    batches.push(new BatchView(bytes, at));
    at += nextBatchSize(bytes, at) ?? Number.POSITIVE_INFINITY;
  }
  if (at === 0 || at !== bytes.length) throw new RangeError(`${bytes.length} bytes that are no whole batches`);
  return batches;
}
