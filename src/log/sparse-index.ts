/**
 * Where in a segment to start looking for an offset: one entry per index.interval.bytes, as in Kafka's offset index
 * the last offset of a batch with the position at which that batch begins.
 */
export class SparseIndex {
  readonly #lastOffsets: number[] = [];
  readonly #positions: number[] = [];
  #bytesSinceEntry = 0;

  get length(): number {
    return this.#positions.length;
  }

  /** A batch was appended at `position`. @returns true when it got an entry. */
  noteBatch(lastOffset: number, position: number, sizeInBytes: number, intervalBytes: number): boolean {
    const due = this.#bytesSinceEntry > intervalBytes;
    if (due) this.add(lastOffset, position);
    this.#bytesSinceEntry = (due ? 0 : this.#bytesSinceEntry) + sizeInBytes;
    return due;
  }

  add(lastOffset: number, position: number): void {
    this.#lastOffsets.push(lastOffset);
    this.#positions.push(position);
  }

  /** A position at or before the batch that holds `offset`. */
  positionBefore(offset: number): number {
    let low = 0;
    let high = this.#lastOffsets.length; // entries below `low` are ≤ offset, those from `high` on are greater
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#lastOffsets[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.#positions[low - 1]!;
  }

  /** Last offset of the batch at `position`, where that has an entry. */
  lastOffsetAt(position: number): number | undefined {
    let low = 0;
    let high = this.#positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#positions[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return this.#positions[low] === position ? this.#lastOffsets[low] : undefined;
  }

  slice(from: number): { readonly lastOffset: number; readonly position: number }[] {
    return this.#positions
      .slice(from)
      .map((position, index) => ({ position, lastOffset: this.#lastOffsets[from + index]! }));
  }

  truncate(sizeInBytes: number): void {
    while ((this.#positions.at(-1) ?? -1) >= sizeInBytes) {
      this.#positions.pop();
      this.#lastOffsets.pop();
    }
  }
}
