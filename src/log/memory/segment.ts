/** Batches in memory: slabs rather than a small buffer for each batch, to leave the garbage collector little to do. */
import { BatchView, batches } from "../../protocol/records/batch.ts";
import type { ChunkCollector } from "../collect.ts";
import { SparseIndex } from "../sparse-index.ts";

const smallestSlabBytes = 4 * 1024;
const largestSlabBytes = 1024 * 1024;

interface Slab {
  readonly bytes: Uint8Array;
  used: number;
  readonly index: SparseIndex;
  lastOffset: number;
}

export class MemorySegment {
  readonly baseOffset: number;
  /** Wall time of the first and the last append. */
  readonly createdMs: number;
  lastAppendMs: number;
  lastOffset: number;
  sizeInBytes = 0;
  maxTimestamp = -1;
  #slabs: Slab[] = [];

  constructor(baseOffset: number, wallMs: number) {
    this.baseOffset = baseOffset;
    this.createdMs = wallMs;
    this.lastOffset = baseOffset - 1;
    this.lastAppendMs = wallMs;
  }

  append(batch: BatchView, wallMs: number, indexIntervalBytes: number): void {
    const size = batch.sizeInBytes;
    const slab = this.#slabFor(size);
    slab.bytes.set(batch.bytes.subarray(batch.at, batch.end), slab.used);
    slab.index.noteBatch(batch.lastOffset, slab.used, size, indexIntervalBytes);
    slab.used += size;
    slab.lastOffset = batch.lastOffset;
    this.sizeInBytes += size;
    this.lastOffset = batch.lastOffset;
    this.lastAppendMs = Math.max(this.lastAppendMs, wallMs);
    // A batch that compaction emptied keeps its timestamp, but no record has it.
    if (batch.count > 0) this.maxTimestamp = Math.max(this.maxTimestamp, batch.maxTimestamp);
  }

  /** The same segment without the batches that reach to `offset` or beyond. */
  upTo(offset: number, indexIntervalBytes: number): MemorySegment {
    const segment = new MemorySegment(this.baseOffset, this.createdMs);
    for (const batch of this.batchesFrom(0)) {
      if (batch.lastOffset < offset) segment.append(batch, this.lastAppendMs, indexIntervalBytes);
    }
    return segment;
  }

  #slabFor(bytes: number): Slab {
    const last = this.#slabs.at(-1);
    if (last !== undefined && last.used + bytes <= last.bytes.length) return last;
    const wanted = Math.min(largestSlabBytes, Math.max(smallestSlabBytes, 2 * (last?.bytes.length ?? 0)));
    const slab: Slab = {
      bytes: new Uint8Array(Math.max(wanted, bytes)),
      used: 0,
      index: new SparseIndex(),
      lastOffset: -1,
    };
    this.#slabs.push(slab);
    return slab;
  }

  /** The batches from the one that holds `offset` on. */
  *batchesFrom(offset: number): Generator<BatchView, void, undefined> {
    for (const slab of this.#slabs) {
      if (slab.lastOffset < offset) continue;
      for (const batch of batches(slab.bytes, slab.index.positionBefore(offset), slab.used)) {
        if (batch.lastOffset >= offset) yield batch;
      }
    }
  }

  /**
   * Has a read of `offset` take what it wants. No generator: that would be garbage for each record.
   * @returns false when it has enough.
   */
  collect(offset: number, collector: ChunkCollector): boolean {
    for (const slab of this.#slabs) {
      if (slab.lastOffset < offset) continue;
      for (let at = slab.index.positionBefore(offset); at < slab.used; ) {
        const batch = new BatchView(slab.bytes, at);
        if (batch.lastOffset >= offset && !collector.take(batch)) return false;
        at = batch.end;
      }
    }
    return true;
  }

  /** About as many bytes as lie at `offset` and behind. */
  bytesFrom(offset: number): number {
    let bytes = 0;
    for (const slab of this.#slabs) {
      if (slab.lastOffset < offset) continue;
      let position = slab.index.positionBefore(offset);
      if (slab.used > position) {
        const first = new BatchView(slab.bytes, position);
        if (first.lastOffset < offset) position = first.end;
      }
      bytes += slab.used - position;
    }
    return bytes;
  }
}
