/**
 * Which stretches of one segment's file were read and checked lately, so that the next consumers need not check them
 * again (docs/decisions/0014-checksums-on-read.md). Neighbours are one; the shortest is forgotten where there are many.
 */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Readers that began elsewhere and have not met yet. */
const mostRanges = 16;

const none: readonly Range[] = [];

export class VerifiedRanges {
  /** In order, with gaps between them. */
  #ranges = none;

  /** @returns where the verified stretch ends that holds `position`; `position` when none does. */
  endFrom(position: number): number {
    return this.#ranges.find(({ from, to }) => from <= position && position < to)?.to ?? position;
  }

  add(from: number, to: number): void {
    if (this.endFrom(from) >= to) return;
    const touched = this.#ranges.filter((range) => range.from <= to && range.to >= from);
    const apart = this.#ranges.filter((range) => range.from > to || range.to < from);
    const start = Math.min(from, ...touched.map((range) => range.from));
    const end = Math.max(to, ...touched.map((range) => range.to));
    const ranges = [...apart, { from: start, to: end }].sort((a, b) => a.from - b.from);
    if (ranges.length > mostRanges) ranges.splice(shortestOf(ranges), 1);
    this.#ranges = ranges;
  }

  clear(): void {
    this.#ranges = none;
  }
}

function shortestOf(ranges: readonly Range[]): number {
  const lengths = ranges.map(({ from, to }) => to - from);
  return lengths.indexOf(Math.min(...lengths));
}
