/** A partition as one broker has it: what it appends and loads is noted on the way. */

import type { RecordCodec, TransactionResult } from "../coordinator/machine.ts";
import {
  type AppendOptions,
  type AppendResult,
  type LogConfig,
  LogError,
  type PartitionLog,
  type ReadOptions,
  type ReadResult,
  type TransactionStart,
} from "../log/log.ts";
import { plainPlatform } from "../protocol/plain-platform.ts";
import { batches, readMarker, readRecords } from "../protocol/records/batch.ts";
import { EndsInPartition, type TransactionEnd } from "./ends-in-partition.ts";

/** A coordinator's record, of an open transaction perhaps; or the end of one. */
export type LogEntry<R> =
  | { readonly record: R; readonly producerId: number | undefined }
  | { readonly type: TransactionResult; readonly producerId: number };

export interface PartitionWatcher<R> {
  /** What a coordinator writes there; undefined: what clients write, which nobody looks into. */
  readonly codec: RecordCodec<R> | undefined;
  /** The log took something, whoever wrote it. */
  took(): void;
  /** A coordinator's records; nothing is durable yet. */
  appended(entries: readonly LogEntry<R>[]): void;
  /** And now they are durable. */
  durable(entries: readonly LogEntry<R>[]): void;
  /** A transaction ends here; nothing of it is durable yet. */
  ended(end: TransactionEnd): void;
  violated(invariant: string, message: string): void;
  /** Whether the storage says that it failed, though the bytes may be there. @param isMarker a transaction's end */
  failsAppend(isMarker: boolean): boolean;
  /** Smaller than a broker may be told, so that a few minutes see many segments. */
  readonly segmentBytes: number;
  wentAsync(): void;
}

export class WatchedPartition<R> implements PartitionLog {
  readonly #log: PartitionLog;
  readonly #watcher: PartitionWatcher<R>;
  /** The epoch under which this broker leads; undefined: the broker's own. */
  readonly #epoch: number | undefined;
  /** Records that this broker appended, and those that it knows to be durable. */
  appendedRecords = 0;
  durableRecords = 0;
  /** What was read, in order: what a coordinator that loads must have replayed. */
  loaded: LogEntry<R>[] = [];
  /** The end of what was read last. */
  readUpTo = 0;
  readonly #ends = new EndsInPartition();
  /** The epoch of the broker's own under which it leads. */
  #ledEpoch = -1;
  readonly #watchers = new Set<() => void>();
  #isCut = false;

  constructor(log: PartitionLog, watcher: PartitionWatcher<R>, epoch?: number) {
    this.#log = log;
    this.#watcher = watcher;
    this.#epoch = epoch;
  }

  /** Nothing goes through any more, in either direction; who waits for something looks once more. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#watcher.wentAsync();
    for (const onChange of [...this.#watchers]) onChange();
  }

  append(bytes: Uint8Array, options: AppendOptions): AppendResult {
    if (this.#isCut) return { ok: false, refusal: "failed" };
    const entries = this.#decoded(bytes, -1);
    const result = this.#log.append(bytes, this.#under(options));
    if (!result.ok) return result;
    if (options.leaderEpoch < this.#ledEpoch) {
      const message = `${this.name} takes what is appended under epoch ${options.leaderEpoch} of ${this.#ledEpoch}`;
      this.#watcher.violated("a deposed coordinator changes nothing", message);
    }
    for (const entry of entries) if ("record" in entry) this.appendedRecords++;
    if (!result.duplicate) this.#watcher.took();
    const isMarker = !result.duplicate && this.#noteTransactions(bytes);
    this.#watcher.appended(entries);
    const durable = this.#watcher.failsAppend(isMarker)
      ? result.durable.then(() => Promise.reject(new LogError("failed", "the storage lost the answer")))
      : result.durable;
    const upTo = this.appendedRecords;
    const noted = durable.then(() => {
      if (this.#isCut) return new Promise<void>(() => {});
      this.durableRecords = Math.max(this.durableRecords, upTo);
      this.#watcher.durable(entries);
      this.#watcher.wentAsync();
      return undefined;
    });
    return { ...result, durable: noted };
  }

  /** @returns whether one ends here. */
  #noteTransactions(bytes: Uint8Array): boolean {
    let isEnd = false;
    for (const batch of batches(bytes)) {
      const end = this.#ends.appended(batch);
      if (end === undefined) continue;
      this.#watcher.ended(end);
      isEnd = true;
    }
    return isEnd;
  }

  async read(offset: number, options: ReadOptions): Promise<ReadResult | undefined> {
    const result = await this.#log.read(offset, options);
    if (this.#watcher.codec === undefined) return result;
    for (const chunk of result?.chunks ?? []) {
      this.loaded.push(...this.#decoded(chunk, offset));
      for (const batch of batches(chunk)) this.readUpTo = batch.lastOffset + 1;
    }
    return result;
  }

  #decoded(bytes: Uint8Array, fromOffset: number): LogEntry<R>[] {
    const { codec } = this.#watcher;
    return codec === undefined ? [] : decoded(bytes, fromOffset, codec);
  }

  admit(batchBytes: number, options: AppendOptions) {
    if (this.#isCut) return { ok: false, refusal: "failed" } as const;
    return this.#log.admit(batchBytes, this.#under(options));
  }

  /** Over a log that several brokers share, an epoch is given by whoever says who leads. */
  becomeLeader(leaderEpoch: number): void {
    if (this.#epoch !== undefined) return;
    this.#log.becomeLeader(leaderEpoch);
    this.#ledEpoch = leaderEpoch;
  }

  #under(options: AppendOptions): AppendOptions {
    return this.#epoch === undefined ? options : { ...options, leaderEpoch: this.#epoch };
  }

  get name(): string {
    return `${this.topic}-${this.partition}`;
  }
  get topic(): string {
    return this.#log.topic;
  }
  get partition(): number {
    return this.#log.partition;
  }
  get topicId(): string {
    return this.#log.topicId;
  }
  /** Is the marker that ended its producer's last transaction here this one, and durable? */
  hasDurableEnd(end: Omit<TransactionEnd, "offset" | "firstOffset">): boolean {
    this.#ends.durable(this.#log.highWatermark);
    return this.#ends.hasDurable(end);
  }

  get logStartOffset(): number {
    return this.#log.logStartOffset;
  }
  get logEndOffset(): number {
    return this.#log.logEndOffset;
  }
  get highWatermark(): number {
    return this.#log.highWatermark;
  }
  /** Asked for whenever somebody reads what is committed. */
  get lastStableOffset(): number {
    const { lastStableOffset, highWatermark, logStartOffset } = this.#log;
    this.#ends.durable(highWatermark);
    const most = Math.max(this.#ends.firstUndecided, logStartOffset);
    if (lastStableOffset > most) {
      const message = `${this.name} shows all in front of ${lastStableOffset}, and a transaction at ${most} is open`;
      this.#watcher.violated("nothing is shown before it is decided for good", message);
    }
    return lastStableOffset;
  }
  get leaderEpoch(): number {
    return this.#log.leaderEpoch;
  }
  get sizeInBytes(): number {
    return this.#log.sizeInBytes;
  }
  get config(): LogConfig {
    return this.#log.config;
  }
  configure(config: LogConfig): void {
    this.#log.configure({ ...config, segmentBytes: this.#watcher.segmentBytes });
  }
  bytesFrom(offset: number, upTo?: "high-watermark" | "last-stable-offset"): number {
    return this.#log.bytesFrom(offset, upTo);
  }
  abortedTransactions(fromOffset: number, toOffset: number) {
    return this.#log.abortedTransactions(fromOffset, toOffset);
  }
  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    return this.#log.hasOngoingTransaction(producerId, producerEpoch);
  }
  startVerification(start: TransactionStart, addsPartition: boolean, wallMs: number) {
    return this.#log.startVerification(start, addsPartition, wallMs);
  }
  offsetForTimestamp(timestampMs: number) {
    return this.#log.offsetForTimestamp(timestampMs);
  }
  maxTimestamp() {
    return this.#log.maxTimestamp();
  }
  endOffsetForEpoch(leaderEpoch: number) {
    return this.#log.endOffsetForEpoch(leaderEpoch);
  }
  epochOfOffset(offset: number): number {
    return this.#log.epochOfOffset(offset);
  }
  deleteBefore(offset: number): Promise<void> {
    return this.#log.deleteBefore(offset);
  }
  truncate(offset: number): Promise<void> {
    return this.#log.truncate(offset);
  }
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    const unwatch = this.#log.watch(onChange);
    return () => {
      this.#watchers.delete(onChange);
      unwatch();
    };
  }
  producers() {
    return this.#log.producers();
  }
}

function decoded<R>(bytes: Uint8Array, fromOffset: number, codec: RecordCodec<R>): LogEntry<R>[] {
  const entries: LogEntry<R>[] = [];
  for (const batch of batches(bytes)) {
    const { producerId } = batch;
    if (batch.control) {
      const type = readMarker(batch)?.type;
      if (type !== undefined && batch.lastOffset >= fromOffset) entries.push({ type, producerId });
      continue;
    }
    for (const { key, value, offset } of readRecords(batch, plainPlatform)) {
      if (offset < fromOffset || key === null) continue;
      const record = codec.decode(key, value);
      if (record !== undefined) entries.push({ record, producerId: batch.transactional ? producerId : undefined });
    }
  }
  return entries;
}
