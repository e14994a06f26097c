/** The sparse indexes of one segment: kept while it is written, read from files when an old one is looked into. */
import { readInt32, readInt64, writeInt32, writeInt64 } from "../../protocol/records/integers.ts";
import type { Disk } from "../disk.ts";
import { SparseIndex } from "../sparse-index.ts";
import { TimeIndex } from "./time-index.ts";

export const offsetEntryBytes = 8; // relative offset int32, position int32: Kafka's .index
export const timeEntryBytes = 12; // timestamp int64, relative offset int32: Kafka's .timeindex

/** Checksums of both files, as the checkpoint keeps them: of the offset index and of the time index. */
export type IndexSums = readonly [offsets: number, times: number];

const emptySum = 0x811c9dc5;
const emptySums: IndexSums = [emptySum, emptySum];

/** FNV-1a goes on where it ended, as the files do; another byte anywhere gives another sum. */
function sumWith(sum: number, bytes: Uint8Array, end = bytes.length): number {
  let hash = sum;
  for (let at = 0; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash >>> 0;
}

export class SegmentIndex {
  readonly baseOffset: number;
  /** Of the entries that the files hold; undefined for those of an older version. */
  #sums: IndexSums | undefined;
  /** Entries that the files hold. */
  savedOffsets: number;
  savedTimes: number;
  /** Entries that only the files hold: those in memory come behind them. */
  #unloadedOffsets: number;
  #unloadedTimes: number;
  offsets = new SparseIndex();
  times = new TimeIndex();

  constructor(baseOffset: number, savedOffsets = 0, savedTimes = 0, sums?: IndexSums) {
    this.baseOffset = baseOffset;
    this.#sums = savedOffsets + savedTimes === 0 ? emptySums : sums;
    this.savedOffsets = this.#unloadedOffsets = savedOffsets;
    this.savedTimes = this.#unloadedTimes = savedTimes;
  }

  get sums(): IndexSums | undefined {
    return this.#sums;
  }

  /** Entries in the files and in memory. */
  get offsetCount(): number {
    return this.#unloadedOffsets + this.offsets.length;
  }
  get timeCount(): number {
    return this.#unloadedTimes + this.times.length;
  }
  get loaded(): boolean {
    return this.#unloadedOffsets === 0 && this.#unloadedTimes === 0;
  }

  get unsavedOffsets(): number {
    return this.offsetCount - this.savedOffsets;
  }

  get saved(): boolean {
    return this.savedOffsets === this.offsetCount && this.savedTimes === this.timeCount;
  }

  /** Lets the memory go, where the files hold everything. */
  unload(): void {
    if (!this.saved) return;
    this.#unloadedOffsets = this.savedOffsets;
    this.#unloadedTimes = this.savedTimes;
    this.offsets = new SparseIndex();
    this.times = new TimeIndex();
  }

  #sum(of: "offsets" | "times", bytes: Uint8Array): void {
    if (this.#sums === undefined) return;
    const [offsets, times] = this.#sums;
    this.#sums = of === "offsets" ? [sumWith(offsets, bytes), times] : [offsets, sumWith(times, bytes)];
  }

  /** Writes what the files lack. They are derived, so they are never synced; `load` checks them. */
  async save(disk: Disk, path: string): Promise<void> {
    const offsets = this.offsets.slice(this.savedOffsets - this.#unloadedOffsets);
    if (offsets.length > 0) {
      const bytes = new Uint8Array(offsets.length * offsetEntryBytes);
      for (const [index, { lastOffset, position }] of offsets.entries()) {
        writeInt32(bytes, index * offsetEntryBytes, lastOffset - this.baseOffset);
        writeInt32(bytes, index * offsetEntryBytes + 4, position);
      }
      await writeAt(disk, `${path}.index`, this.savedOffsets * offsetEntryBytes, bytes);
      this.savedOffsets += offsets.length;
      this.#sum("offsets", bytes);
    }
    const times = this.times.slice(this.savedTimes - this.#unloadedTimes);
    if (times.length > 0) {
      const bytes = new Uint8Array(times.length * timeEntryBytes);
      for (const [index, { timestamp, offset }] of times.entries()) {
        writeInt64(bytes, index * timeEntryBytes, timestamp);
        writeInt32(bytes, index * timeEntryBytes + 8, offset - this.baseOffset);
      }
      await writeAt(disk, `${path}.timeindex`, this.savedTimes * timeEntryBytes, bytes);
      this.savedTimes += times.length;
      this.#sum("times", bytes);
    }
  }

  /** @returns false when the files are no index of a segment of that size: it must be made anew. */
  async load(disk: Disk, path: string, segmentBytes: number): Promise<boolean> {
    if (this.loaded) return true;
    const offsetsEnd = this.#unloadedOffsets * offsetEntryBytes;
    const timesEnd = this.#unloadedTimes * timeEntryBytes;
    const saved = [this.savedOffsets * offsetEntryBytes, this.savedTimes * timeEntryBytes] as const;
    const sums = this.#sums; // as of now: the files may grow while they are read
    const [index, timeIndex] = await Promise.all([disk.readFile(`${path}.index`), disk.readFile(`${path}.timeindex`)]);
    if (this.loaded) return true; // somebody else was faster
    if ((index?.length ?? 0) < saved[0] || (timeIndex?.length ?? 0) < saved[1]) return false;
    if (sums !== undefined && sumWith(emptySum, index ?? nothing, saved[0]) !== sums[0]) return false;
    if (sums !== undefined && sumWith(emptySum, timeIndex ?? nothing, saved[1]) !== sums[1]) return false;
    const offsets = new SparseIndex();
    for (let at = 0, last = -1; at < offsetsEnd; at += offsetEntryBytes) {
      const position = readInt32(index!, at + 4);
      if (position <= last || position >= segmentBytes) return false;
      offsets.add(this.baseOffset + readInt32(index!, at), position);
      last = position;
    }
    const times = new TimeIndex();
    for (let at = 0; at < timesEnd; at += timeEntryBytes) {
      times.add(readInt64(timeIndex!, at), this.baseOffset + readInt32(timeIndex!, at + 8));
    }
    // The segment may have grown meanwhile: what is in memory comes behind.
    for (const { lastOffset, position } of this.offsets.slice(0)) offsets.add(lastOffset, position);
    for (const { timestamp, offset } of this.times.slice(0)) times.add(timestamp, offset);
    if (times.length !== this.timeCount) return false;
    this.offsets = offsets;
    this.times = times;
    this.#unloadedOffsets = this.#unloadedTimes = 0;
    return true;
  }
}

const nothing = new Uint8Array(0);

async function writeAt(disk: Disk, path: string, position: number, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(path, "read-write");
  try {
    await file.write(position, [bytes]);
    await file.truncate(position + bytes.length);
  } finally {
    await file.close();
  }
}
