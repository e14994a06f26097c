/** One segment: a file of plain batches, and what is known of it without reading. */

import type { Platform } from "../../protocol/platform.ts";
import { BatchView, batchHeaderBytes, logOverheadBytes, verifyCrc } from "../../protocol/records/batch.ts";
import type { BatchPlace, ChunkCollector } from "../collect.ts";
import type { Disk, DiskFile } from "../disk.ts";
import type { SegmentFacts } from "../segments.ts";
import type { FileCache } from "./file-cache.ts";
import { type IndexSums, SegmentIndex } from "./segment-index.ts";
import { VerifiedRanges } from "./verified-ranges.ts";

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
  /** For what consumers are to get; anything may stand in it. */
  memory(bytes: number): Uint8Array;
  /** Under which leader epoch the offset was written; -1 when that is not known. */
  epochOf(offset: number): number;
  /** An index was made anew: its files are to be written. */
  indexMade(): void;
}

/** A stretch of the file that begins with a batch. */
interface Window {
  readonly bytes: Uint8Array;
  /** Did the file have as much as was asked for? */
  readonly isWhole: boolean;
  readonly position: number;
  /** Of the segment. */
  readonly end: number;
  /** Up to where in the file no checksum has to be compared. */
  readonly verifiedTo: number;
  /** Bytes of the batches that were looked at, and found whole. */
  used: number;
  /** Of the batch in front of what is left, where that was read. */
  lastOffset: number | undefined;
}

/** What a reader takes without a checksum: stretches that were verified lately, or nothing. */
export type Trusted = "verified" | "nothing";

const largestReadBytes = 1024 * 1024;

/** Of so many readers of a segment it is known where they go on. */
const keptStops = 16;

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
  /** What its file had then. */
  #foundBytes = 0;
  /** Of its file as it is now: another file is another segment. */
  readonly verified = new VerifiedRanges();
  /** Offsets that readers ask for next, and where their batches begin: the index would lead to the batch before. */
  #stops: Map<number, number> | undefined;
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
      offsets: this.index.savedOffsets,
      times: this.index.savedTimes,
      ...(this.index.sums === undefined ? {} : { sums: this.index.sums }),
      ...(this.dense ? { dense: true } : {}),
      ...(this.swap === undefined ? {} : { swap: this.swap }),
    };
  }

  /**
   * Before the first write of this process. A process that was killed may have written more than counts; that stays
   * until the next sync, since nobody reads it, and most of it is written again.
   * @returns what is wrong.
   */
  async compare(file: DiskFile): Promise<string | undefined> {
    this.#foundBytes = await file.size();
    this.checked = true;
    if (this.#foundBytes >= this.written) return undefined;
    return `${this.logPath} has ${this.#foundBytes} of ${this.written} bytes`;
  }

  /** Makes its file durable, at the length that counts. */
  async sync(file: DiskFile): Promise<void> {
    if (this.#foundBytes > this.written) await file.truncate(this.written);
    this.#foundBytes = 0;
    await file.sync();
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
      const window = await this.#window(source, at, end, new Uint8Array(Math.min(wanted, end - at)), at, lastOffset);
      const found: BatchView[] = [];
      let damage: unknown;
      try {
        for (let next = this.#next(source, window); next; next = this.#next(source, window)) {
          found.push(new BatchView(next.bytes, next.at));
        }
      } catch (error) {
        damage = error;
      }
      if (found.length > 0) yield found;
      if (damage !== undefined) throw damage;
      wanted = window.used === 0 ? sizeOfNext(window) : windowBytes;
      lastOffset = window.lastOffset;
      at += window.used;
    }
  }

  /**
   * Collects the batches from `offset` on, each one checked, out of as few reads as there can be.
   * @param position where a batch begins, at or before the one that holds the offset.
   * @param trusted needs no checksum compared again.
   * @returns false when no more is to be collected. @throws {DamageError}
   */
  async readInto(
    source: SegmentSource,
    position: number,
    offset: number,
    collector: ChunkCollector,
    trusted: Trusted,
  ): Promise<boolean> {
    const end = this.written;
    // At a stop the batch in front was checked when it was read: this one is held to that, as if both were read now.
    let lastOffset = this.stopAt(offset) === position ? offset - 1 : undefined;
    let wanted = 0;
    for (let at = position; at < end; ) {
      const roughly = Math.min(largestReadBytes, collector.room + 2 * source.indexIntervalBytes);
      const memory = source.memory(Math.min(Math.max(wanted, roughly), end - at));
      const verifiedTo = trusted === "verified" ? this.verified.endFrom(at) : at;
      const window = await this.#window(source, at, end, memory, verifiedTo, lastOffset);
      try {
        if (!this.#collect(source, window, offset, collector)) return false;
      } finally {
        this.verified.add(at, at + window.used);
      }
      wanted = sizeOfNext(window);
      lastOffset = window.lastOffset;
      at += window.used;
    }
    return true;
  }

  /** @returns false when no more is to be collected. @throws {DamageError} */
  #collect(source: SegmentSource, window: Window, offset: number, collector: ChunkCollector): boolean {
    for (;;) {
      const { lastOffset } = window;
      const sizeInBytes = sizeOfNext(window);
      const isThere = lastOffset !== undefined && lastOffset + 1 >= offset;
      if (isThere && sizeInBytes > collector.room && !collector.mustTake) {
        this.#stopped(lastOffset + 1, window.position + window.used);
        return false;
      }
      const batch = this.#next(source, window, sizeInBytes);
      if (batch === undefined) return true;
      if (batch.lastOffset >= offset && !collector.take(batch)) return false;
    }
  }

  async #window(
    source: SegmentSource,
    position: number,
    end: number,
    into: Uint8Array,
    verifiedTo: number,
    lastOffset: number | undefined,
  ): Promise<Window> {
    const read = await source.files.use(this.logPath, "existing", (file) => file.read(position, into));
    const isWhole = read === into.length;
    const bytes = isWhole ? into : into.subarray(0, read);
    return { bytes, isWhole, position, end, verifiedTo, used: 0, lastOffset };
  }

  /** @returns the next batch, checked; undefined when it is not all in the window. @throws {DamageError} */
  #next(source: SegmentSource, window: Window, sizeInBytes = sizeOfNext(window)): BatchPlace | undefined {
    const { bytes, position, end, used } = window;
    const isAtEnd = position + bytes.length === end;
    let damage: string | undefined;
    if (used + logOverheadBytes <= bytes.length) {
      const behind = used + sizeInBytes;
      if (sizeInBytes < batchHeaderBytes || position + behind > end) damage = `a batch of ${sizeInBytes} bytes`;
      else if (behind <= bytes.length) {
        const batch = new BatchView(bytes, used);
        const { baseOffset } = batch;
        const place = { bytes, at: used, sizeInBytes, baseOffset, lastOffset: baseOffset + batch.lastOffsetDelta };
        const isSound = position + behind <= window.verifiedTo || verifyCrc(batch, source.platform);
        damage = isSound ? this.#misplaced(batch, place, window, source) : "the checksum does not fit";
        if (damage === undefined) {
          window.used = behind;
          window.lastOffset = place.lastOffset;
          return place;
        }
      }
    } else if (used < bytes.length && isAtEnd) damage = "an incomplete batch";
    if (damage === undefined && !window.isWhole) damage = `the file ends at ${position + bytes.length}`;
    if (damage !== undefined) throw new DamageError(`${this.logPath}, byte ${position + used}: ${damage}`);
    return undefined;
  }

  /** The checksum leaves out offset, leader epoch and format: they must be those that can stand at this position. */
  #misplaced(
    { magic, partitionLeaderEpoch }: BatchView,
    { at, baseOffset, lastOffset }: BatchPlace,
    window: Window,
    source: SegmentSource,
  ): string | undefined {
    const { lastOffset: before } = window;
    const position = window.position + at;
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

  #stopped(nextOffset: number, position: number): void {
    this.#stops ??= new Map();
    const [oldest] = this.#stops.keys();
    if (oldest !== undefined && this.#stops.size >= keptStops) this.#stops.delete(oldest);
    this.#stops.set(nextOffset, position);
  }

  /** Where a reader goes on with `offset`, if one stopped in front of it lately. */
  stopAt(offset: number): number | undefined {
    return this.#stops?.get(offset);
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
    this.#stops = undefined;
    source.indexMade();
  }
}

/** As far as it can be told: of a batch of which not even the size is there, what it takes to know it. */
function sizeOfNext({ bytes, used }: Window): number {
  return used + logOverheadBytes <= bytes.length ? new BatchView(bytes, used).sizeInBytes : logOverheadBytes;
}

export function segmentName(baseOffset: number): string {
  return String(baseOffset).padStart(20, "0");
}
