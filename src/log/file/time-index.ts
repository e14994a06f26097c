/** Up to which offset a segment holds no record younger than a timestamp. Timestamps and offsets both grow. */
export class TimeIndex {
  readonly timestamps: number[] = [];
  readonly offsets: number[] = [];

  get length(): number {
    return this.offsets.length;
  }

  /** As Kafka's TimeIndex.maybeAppend: only a larger timestamp gets an entry. */
  add(timestamp: number, offset: number): void {
    if (timestamp <= (this.timestamps.at(-1) ?? -1)) return;
    this.timestamps.push(timestamp);
    this.offsets.push(offset);
  }

  slice(from: number): { readonly timestamp: number; readonly offset: number }[] {
    return this.offsets.slice(from).map((offset, index) => ({ offset, timestamp: this.timestamps[from + index]! }));
  }

  /** No record in front of this offset has a timestamp ≥ `timestampMs`, as far as the index knows. */
  offsetBefore(timestampMs: number): number {
    const index = this.timestamps.findLastIndex((timestamp) => timestamp <= timestampMs);
    return index < 0 ? -1 : this.offsets[index]!;
  }
}
