/** One segment: a file of plain batches, and what is known of it without reading. */

import type { Platform } from "../../protocol/platform.ts";
import { BatchView, batchHeaderBytes, logOverheadBytes, verifyCrc } from "../../protocol/records/batch.ts";
import type { Disk } from "../disk.ts";
import type { SegmentFacts } from "../segments.ts";
import type { FileCache } from "./file-cache.ts";
import { type IndexSums, SegmentIndex } from "./segment-index.ts";

/** A segment as the checkpoint keeps it. */
export interface SavedSegment {
  readonly base: number;
  readonly size: number;
  readonly last: number;
  readonly maxTimestamp: number;
  readonly maxTimestampOffset: number;
  readonly createdMs: number;
  readonly lastAppendMs: number;
  /** Entries of its index files. */
  readonly offsets: number;
  readonly times: number;
  readonly sums?: IndexSums;
  /** No offset is left out; missing where an older version wrote. */
  readonly dense?: true;
  /** Compaction made it anew in a file of that number, which may still have to take the segment's name. */
  readonly swap?: number;
}

/** What reading segments takes. */
export interface SegmentSource {
  readonly disk: Disk;
  readonly platform: Platform;
  readonly files: FileCache;
  readonly indexIntervalBytes: number;
  /** Under which leader epoch the offset was written; -1 when that is not known. */
  epochOf(offset: number): number;
  /** An index was made anew: its files are to be written. */
  indexMade(): void;
}

/** The bytes on disk are not those that were written. */
export class DamageError extends Error {
  override readonly name = "DamageError";
}

export class FileSegment implements SegmentFacts {
  readonly baseOffset: number;
  /** Without its suffix. */
  readonly path: string;
  lastOffset: number;
  /** Bytes of all its batches, also of those that are only in memory yet. */
  sizeInBytes = 0;
  /** Bytes in its file. */
  written = 0;
  maxTimestamp = -1;
  maxTimestampOffset = -1;
  readonly createdMs: number;
  lastAppendMs: number;
  index: SegmentIndex;
  /** Its file holds bytes that no sync has covered. */
  unsynced = false;
  /** Its file was compared with `written` since this process began. */
  checked = false;
  swap: number | undefined;
  /** Appends made it, so that each batch begins where the one before ended. Compaction leaves offsets out. */
  dense = false;

  constructor(folder: string, baseOffset: number, wallMs: number) {
    this.baseOffset = baseOffset;
    this.path = `${folder}/${segmentName(baseOffset)}`;
    this.lastOffset = baseOffset - 1;
    this.createdMs = wallMs;
    this.lastAppendMs = wallMs;
    this.index = new SegmentIndex(baseOffset);
  }

  static restore(folder: string, saved: SavedSegment): FileSegment {
    const segment = new FileSegment(folder, saved.base, saved.createdMs);
    segment.sizeInBytes = segment.written = saved.size;
    segment.lastOffset = saved.last;
    segment.maxTimestamp = saved.maxTimestamp;
    segment.maxTimestampOffset = saved.maxTimestampOffset;
    segment.lastAppendMs = saved.lastAppendMs;
    segment.index = new SegmentIndex(saved.base, saved.offsets, saved.times, saved.sums);
    segment.swap = saved.swap;
    segment.dense = saved.dense === true;
    return segment;
  }

  save(): SavedSegment {
    return {
      base: this.baseOffset,
      size: this.sizeInBytes,
      last: this.lastOffset,
      maxTimestamp: this.maxTimestamp,
      maxTimestampOffset: this.maxTimestampOffset,
      createdMs: this.createdMs,
      lastAppendMs: this.lastAppendMs,
      offsets: this.index.offsetCount,
      times: this.index.timeCount,
      ...(this.index.sums === undefined ? {} : { sums: this.index.sums }),
      ...(this.dense ? { dense: true } : {}),
      ...(this.swap === undefined ? {} : { swap: this.swap }),
    };
  }

  get logPath(): string {
    return this.swap === undefined ? `${this.path}.log` : `${this.path}.log.${this.swap}.swap`;
  }

  /** All files that it may have. */
  get paths(): string[] {
    return [`${this.path}.log`, `${this.path}.index`, `${this.path}.timeindex`];
  }

  /** A batch stands at its end. */
  note(batch: BatchView, wallMs: number, indexIntervalBytes: number): void {
    const { lastOffset, maxTimestamp, sizeInBytes, count } = batch;
    // A batch that compaction emptied keeps its timestamp, but no record has it.
    if (maxTimestamp > this.maxTimestamp && count > 0) {
      this.maxTimestamp = maxTimestamp;
      this.maxTimestampOffset = lastOffset;
    }
    const due = this.index.offsets.noteBatch(lastOffset, this.sizeInBytes, sizeInBytes, indexIntervalBytes);
    if (due) this.index.times.add(this.maxTimestamp, this.maxTimestampOffset);
    this.sizeInBytes += sizeInBytes;
    this.lastOffset = lastOffset;
    this.lastAppendMs = Math.max(this.lastAppendMs, wallMs);
  }

  /** Nothing more will be appended: its time index ends with its largest timestamp, as Kafka's does. */
  finish(): void {
    this.index.times.add(this.maxTimestamp, this.maxTimestampOffset);
  }

  /**
   * Its batches in the file from `position` (where one must begin) to `end`, some at a time, each one checked.
   * @throws {DamageError}
   */
  async *batches(
    source: SegmentSource,
    position: number,
    end: number,
    windowBytes = 256 * 1024,
  ): AsyncGenerator<readonly BatchView[], void, undefined> {
    let wanted = windowBytes;
    let lastOffset: number | undefined;
    for (let at = position; at < end; ) {
      const length = Math.min(wanted, end - at);
      const bytes = await this.#read(source, at, length);
      const found: BatchView[] = [];
      let damage: string | undefined;
      let used = 0;
      let next = logOverheadBytes;
      while (damage === undefined && used + logOverheadBytes <= bytes.length) {
        const batch = new BatchView(bytes, used);
        next = batch.sizeInBytes;
        if (next < batchHeaderBytes || at + used + next > end) damage = `a batch of ${next} bytes`;
        else if (used + next > bytes.length) break;
        else if (!verifyCrc(batch, source.platform)) damage = "the checksum does not fit";
        else damage = this.#misplaced(batch, at + used, lastOffset, source);
        if (damage === undefined) {
          lastOffset = batch.lastOffset;
          found.push(batch);
          used += next;
        }
      }
      if (damage === undefined && bytes.length < length) damage = `the file ends at ${at + bytes.length}`;
      if (damage === undefined && used === 0 && length === end - at) damage = "an incomplete batch";
      if (found.length > 0) yield found;
      if (damage !== undefined) throw this.#damage(at + used, damage);
      wanted = used === 0 ? next : windowBytes;
      at += used;
    }
  }

  /**
   * The checksum leaves out offset, leader epoch and format: they must be those that can stand at this position.
   * @param before last offset of the batch in front of it, where that was read.
   */
  #misplaced(batch: BatchView, position: number, before: number | undefined, source: SegmentSource) {
    const { baseOffset, lastOffset, partitionLeaderEpoch, magic } = batch;
    if (magic !== 2) return `a batch of format ${magic}`;
    const epoch = source.epochOf(baseOffset);
    if (epoch !== -1 && partitionLeaderEpoch !== epoch) return `leader epoch ${partitionLeaderEpoch}, not ${epoch}`;
    const earliest = before === undefined ? this.#earliestAt(position) : before + 1;
    const isExact = this.dense && earliest !== undefined;
    if (isExact ? baseOffset !== earliest : baseOffset < (earliest ?? this.baseOffset)) {
      return `offset ${baseOffset}, expected ${earliest ?? this.baseOffset}`;
    }
    const last = before === undefined ? this.index.offsets.lastOffsetAt(position) : undefined;
    if (last !== undefined && lastOffset !== last) return `last offset ${lastOffset}, expected ${last}`;
    const isBehindAll = position < this.written && lastOffset > this.lastOffset;
    return isBehindAll ? `last offset ${lastOffset} behind the segment's, ${this.lastOffset}` : undefined;
  }

  /** Where a batch must begin, if that is known without reading the one in front of it. */
  #earliestAt(position: number): number | undefined {
    if (position === 0) return this.baseOffset;
    return position === this.written ? this.lastOffset + 1 : undefined;
  }

  /** Less than asked for only where the file ends. */
  async #read(source: SegmentSource, position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const read = await source.files.use(this.logPath, "existing", (file) => file.read(position, bytes));
    return bytes.subarray(0, read);
  }

  #damage(position: number, what: string): DamageError {
    return new DamageError(`${this.logPath}, byte ${position}: ${what}`);
  }

  /** Position of a batch at or before the one that holds `offset`. */
  async positionBefore(source: SegmentSource, offset: number): Promise<number> {
    await this.loadIndex(source);
    return this.index.offsets.positionBefore(offset);
  }

  /** No record in front of this offset has a timestamp ≥ `timestampMs`, as far as the index knows. */
  async offsetBeforeTimestamp(source: SegmentSource, timestampMs: number): Promise<number> {
    await this.loadIndex(source);
    return this.index.times.offsetBefore(timestampMs);
  }

  async loadIndex(source: SegmentSource): Promise<void> {
    if (await this.index.load(source.disk, this.path, this.written)) return;
    await this.rebuildIndex(source);
  }

  /** Reads the whole file. @throws {DamageError} */
  async rebuildIndex(source: SegmentSource): Promise<void> {
    const copy = new FileSegment("", this.baseOffset, 0);
    for await (const found of this.batches(source, 0, this.written)) {
      for (const batch of found) copy.note(batch, 0, source.indexIntervalBytes);
    }
    this.index = copy.index;
    source.indexMade();
  }
}

export function segmentName(baseOffset: number): string {
  return String(baseOffset).padStart(20, "0");
}
