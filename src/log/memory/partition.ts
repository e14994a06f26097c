import type { Platform } from "../../protocol/platform.ts";
import { BatchView } from "../../protocol/records/batch.ts";
import { ChunkCollector } from "../collect.ts";
import { compactBatch, groupSegments, LatestOffsets, segmentsToCompact } from "../compaction.ts";
import {
  type AppendOptions,
  type AppendRefusal,
  type AppendResult,
  type LogConfig,
  LogError,
  type PartitionLog,
  type ReadBound,
  type ReadOptions,
  type ReadResult,
  type TimestampAndOffset,
} from "../log.ts";
import { type PartitionIdentity, PartitionState } from "../partition-state.ts";
import { ProducerStates } from "../producer-state.ts";
import { mustRoll, segmentsToDelete } from "../segments.ts";
import { firstAtOrAfter } from "../timestamps.ts";
import { MemorySegment } from "./segment.ts";

const durableAtOnce = Promise.resolve();

export class MemoryPartition extends PartitionState implements PartitionLog {
  readonly #platform: Platform;
  #segments: MemorySegment[] = [];

  constructor(identity: PartitionIdentity, config: LogConfig, platform: Platform) {
    super(identity, config);
    this.#platform = platform;
  }

  get sizeInBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeInBytes, 0);
  }

  admit(batchBytes: number, options: AppendOptions): { ok: true } | { ok: false; refusal: AppendRefusal } {
    const refusal = this.refuse(batchBytes, options);
    return refusal ? { ok: false, refusal } : { ok: true };
  }

  append(bytes: Uint8Array, options: AppendOptions): AppendResult {
    const prepared = this.prepare(bytes, options);
    if (prepared.kind === "refused") return { ok: false, refusal: prepared.refusal };
    if (prepared.kind === "producer") return { ok: false, refusal: "producer", verdict: prepared.verdict };
    if (prepared.kind === "duplicate") return this.#appended(prepared.batch, true);
    const { baseOffset, batches } = prepared;
    const segment = this.#segmentFor(bytes.length, batches, options.wallMs);
    for (const batch of batches) {
      segment.append(batch, options.wallMs, this.config.indexIntervalBytes);
      this.appended(batch);
    }
    this.advance(this.logEndOffset);
    return this.#appended({ baseOffset, lastOffset: this.logEndOffset - 1 }, false);
  }

  #appended({ baseOffset, lastOffset }: { baseOffset: number; lastOffset: number }, duplicate: boolean): AppendResult {
    const { logStartOffset } = this;
    return { ok: true, baseOffset, lastOffset, logStartOffset, duplicate, durable: durableAtOnce };
  }

  #segmentFor(bytes: number, batches: readonly BatchView[], wallMs: number): MemorySegment {
    const active = this.#segments.at(-1);
    const lastOffset = batches.at(-1)!.lastOffset;
    if (active && !mustRoll(active, { bytes, lastOffset, wallMs }, this.config)) return active;
    const segment = new MemorySegment(this.logEndOffset, wallMs);
    this.#segments.push(segment);
    return segment;
  }

  async read(offset: number, options: ReadOptions): Promise<ReadResult | undefined> {
    this.#throwIfGone();
    const { highWatermark, lastStableOffset, logStartOffset, logEndOffset } = this;
    if (offset < logStartOffset || offset > logEndOffset) return undefined;
    const limit = this.boundOf(options.upTo);
    const collector = new ChunkCollector(offset, limit, options);
    if (offset < limit) this.#collect(offset, collector); // else it may lie within a batch that is open
    const { bytes, nextOffset } = collector;
    return { chunks: collector.finish(), bytes, nextOffset, highWatermark, lastStableOffset, logStartOffset };
  }

  #collect(offset: number, collector: ChunkCollector): void {
    for (const segment of this.#segments) {
      if (segment.lastOffset >= offset && !segment.collect(offset, collector)) return;
    }
  }

  #segmentsFrom(offset: number): MemorySegment[] {
    return this.#segments.filter((segment) => segment.lastOffset >= offset);
  }

  bytesFrom(offset: number, upTo: ReadBound = "high-watermark"): number {
    return Math.max(0, this.#bytesBehind(offset) - this.#bytesBehind(this.boundOf(upTo)));
  }

  #bytesBehind(offset: number): number {
    let bytes = 0;
    for (const segment of this.#segments) if (segment.lastOffset >= offset) bytes += segment.bytesFrom(offset);
    return bytes;
  }

  async offsetForTimestamp(timestampMs: number): Promise<TimestampAndOffset | undefined> {
    this.#throwIfGone();
    const from = this.logStartOffset;
    for (const segment of this.#segmentsFrom(from)) {
      if (segment.maxTimestamp < timestampMs) continue;
      for (const batch of segment.batchesFrom(from)) {
        const found = firstAtOrAfter(batch, timestampMs, from, this.#platform);
        if (found) return found;
      }
    }
    return undefined;
  }

  async maxTimestamp(): Promise<TimestampAndOffset | undefined> {
    const largest = this.#segmentsFrom(this.logStartOffset).reduce(
      (max, { maxTimestamp }) => Math.max(max, maxTimestamp),
      -1,
    );
    return largest < 0 ? undefined : this.offsetForTimestamp(largest);
  }

  async deleteBefore(offset: number): Promise<void> {
    this.#throwIfGone();
    if (offset > this.highWatermark) throw new RangeError(`${offset} lies above the high watermark`);
    this.moveStart(offset);
  }

  async truncate(offset: number): Promise<void> {
    this.#throwIfGone();
    this.#segments = this.#segments.flatMap((segment) => {
      if (segment.baseOffset >= offset) return [];
      return segment.lastOffset < offset ? [segment] : [segment.upTo(offset, this.config.indexIntervalBytes)];
    });
    const before = new ProducerStates();
    for (const segment of this.#segments) for (const batch of segment.batchesFrom(0)) before.append(batch);
    this.cutEnd(offset, before);
  }

  /** Retention, one round. @returns the number of segments that went. */
  clean(wallMs: number): number {
    const count = segmentsToDelete(this.#segments, this, this.config, wallMs);
    const gone = this.#segments.splice(0, count);
    if (gone.length > 0) this.moveStart(Math.min(gone.at(-1)!.lastOffset + 1, this.highWatermark));
    return count;
  }

  /** Compaction, one round. */
  compact(wallMs: number): void {
    const count = segmentsToCompact(this.#segments, this, this.config, wallMs);
    const segments = this.#segments.slice(0, count);
    if (count === 0) return;
    const latest = new LatestOffsets();
    const noted = this.cleanedTransactions();
    for (const segment of segments.filter(({ lastOffset }) => lastOffset >= this.cleanedTo)) {
      for (const batch of segment.batchesFrom(0)) latest.note(batch, noted, this.#platform);
    }
    const { deleteRetentionMs } = this.config;
    const isProducersLast = (batch: BatchView) => this.producerStates.isLast(batch);
    const transactions = this.cleanedTransactions();
    const rules = { latest, transactions, wallMs, deleteRetentionMs, platform: this.#platform, isProducersLast };
    const cleaned = groupSegments(segments, this.config).map((group) => {
      const segment = new MemorySegment(group[0]!.baseOffset, group[0]!.createdMs);
      for (const source of group) {
        for (const batch of source.batchesFrom(0)) {
          const bytes = compactBatch(batch, rules);
          if (bytes) segment.append(new BatchView(bytes), source.lastAppendMs, this.config.indexIntervalBytes);
        }
      }
      return segment;
    });
    this.#segments.splice(0, count, ...cleaned.filter(({ sizeInBytes }) => sizeInBytes > 0));
    this.cleanedTo = segments.at(-1)!.lastOffset + 1;
    this.producerStates.transactions.forgetAborted(transactions.emptied);
  }

  markDeleted(): void {
    this.refusal = "deleted";
    this.#segments = [];
    this.changed();
  }

  #throwIfGone(): void {
    if (this.refusal) throw new LogError("deleted", `${this.topic}-${this.partition} was deleted`);
  }
}
