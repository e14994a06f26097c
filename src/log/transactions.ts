/**
 * The transactions of one partition (KIP-98): which are open, which ended with a marker that is not durable yet, and
 * which were aborted. It tells how far a read_committed reader may go, and what it has to leave out on the way.
 */
import type { AbortedTransaction } from "./log.ts";

/** A transaction whose marker was written. */
export interface EndedTransaction {
  readonly producerId: number;
  /** Of its first record here. */
  readonly firstOffset: number;
  /** Of its marker. */
  readonly lastOffset: number;
}

/** An aborted one as the partition remembers it, and as the checkpoint keeps it. */
interface RememberedAbort extends EndedTransaction {
  /** What the last stable offset came to with it: no later abort begins in front of it. */
  readonly lastStableOffset: number;
}

export type SavedAbort = readonly [producerId: number, firstOffset: number, lastOffset: number, stable: number];

export class Transactions {
  /** First offsets of the open ones; transactions begin in the order of offsets, so the first one is the smallest. */
  #open: Set<number> | undefined;
  /** In the order of their markers, which are not all durable. */
  readonly #ending: EndedTransaction[] = [];
  /** In the order of their markers. */
  #aborted: RememberedAbort[] = [];

  begin(firstOffset: number): void {
    this.#open ??= new Set();
    this.#open.add(firstOffset);
  }

  end(ended: EndedTransaction, isAborted: boolean): void {
    this.#open?.delete(ended.firstOffset);
    this.#ending.push(ended);
    if (isAborted) this.#aborted.push({ ...ended, lastStableOffset: this.#firstOpen() ?? ended.lastOffset + 1 });
  }

  #firstOpen(): number | undefined {
    return this.#open?.values().next().value;
  }

  /** The first offset of the oldest transaction that is open, or whose marker is not durable. */
  get firstUnstableOffset(): number | undefined {
    let first = this.#firstOpen();
    for (const { firstOffset } of this.#ending) if (first === undefined || firstOffset < first) first = firstOffset;
    return first;
  }

  /** Everything below is durable, markers too. */
  advance(highWatermark: number): void {
    while (this.#ending.length > 0 && this.#ending[0]!.lastOffset < highWatermark) this.#ending.shift();
  }

  /** Those that a reader of [fromOffset, toOffset) meets, in the order of their markers, as in Kafka. */
  abortedBetween(fromOffset: number, toOffset: number): AbortedTransaction[] {
    const found: AbortedTransaction[] = [];
    for (let index = this.#firstAbortFrom(fromOffset); index < this.#aborted.length; index++) {
      const { producerId, firstOffset, lastStableOffset } = this.#aborted[index]!;
      if (firstOffset < toOffset) found.push({ producerId, firstOffset });
      if (lastStableOffset >= toOffset) break;
    }
    return found;
  }

  /** Index of the first one whose marker stands at `offset` or behind. */
  #firstAbortFrom(offset: number): number {
    let low = 0;
    let high = this.#aborted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#aborted[middle]!.lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Nobody reads in front of `offset` any more. */
  truncateStart(offset: number): void {
    const gone = this.#firstAbortFrom(offset);
    if (gone > 0) this.#aborted.splice(0, gone);
  }

  /** Markers from `offset` on are gone; what is open then is told by the producers. */
  truncateEnd(offset: number, open: Iterable<number>): void {
    this.#aborted.length = this.#firstAbortFrom(offset);
    this.#ending.splice(0, this.#ending.length, ...this.#ending.filter(({ lastOffset }) => lastOffset < offset));
    this.#setOpen(open);
  }

  /** Compaction left no record of these, named by the offset of their markers. */
  forgetAborted(markerOffsets: ReadonlySet<number>): void {
    if (markerOffsets.size === 0) return;
    this.#aborted = this.#aborted.filter(({ lastOffset }) => !markerOffsets.has(lastOffset));
  }

  /** All that are remembered, by the offset of their first record. */
  abortedByFirstOffset(): EndedTransaction[] {
    return this.#aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  save(): SavedAbort[] {
    return this.#aborted.map(({ producerId, firstOffset, lastOffset, lastStableOffset }) => [
      producerId,
      firstOffset,
      lastOffset,
      lastStableOffset,
    ]);
  }

  restore(aborted: readonly SavedAbort[], open: Iterable<number>): void {
    this.#aborted = aborted.map(([producerId, firstOffset, lastOffset, lastStableOffset]) => {
      return { producerId, firstOffset, lastOffset, lastStableOffset };
    });
    this.#ending.length = 0;
    this.#setOpen(open);
  }

  #setOpen(firstOffsets: Iterable<number>): void {
    const offsets = [...firstOffsets].sort((a, b) => a - b);
    this.#open = offsets.length === 0 ? undefined : new Set(offsets);
  }
}
