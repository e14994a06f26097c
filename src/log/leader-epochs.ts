/** Which leader wrote from which offset on (KIP-101, KIP-320). */
export interface EpochStart {
  readonly epoch: number;
  readonly startOffset: number;
}

export class LeaderEpochs {
  /** Epochs and start offsets both grow. */
  #entries: EpochStart[] = [];

  get entries(): readonly EpochStart[] {
    return this.#entries;
  }

  get latest(): number {
    return this.#entries.at(-1)?.epoch ?? -1;
  }

  /** The epoch begins at the offset; an older epoch that wrote nothing before it is forgotten. */
  assign(epoch: number, startOffset: number): void {
    if (epoch <= this.latest) return;
    while ((this.#entries.at(-1)?.startOffset ?? -1) >= startOffset) this.#entries.pop();
    this.#entries = [...this.#entries, { epoch, startOffset }]; // of just that size: many partitions never get another
  }

  /** Asked of each batch that is read: no closure is made for it. */
  epochOf(offset: number): number {
    for (let at = this.#entries.length - 1; at >= 0; at--) {
      const { epoch, startOffset } = this.#entries[at]!;
      if (startOffset <= offset) return epoch;
    }
    return -1;
  }

  /** As Kafka's LeaderEpochFileCache.endOffsetFor: the largest epoch ≤ `epoch`, and where it ends. */
  endOffsetFor(epoch: number, logEndOffset: number): { leaderEpoch: number; endOffset: number } | undefined {
    if (epoch < 0) return undefined;
    if (epoch === this.latest) return { leaderEpoch: epoch, endOffset: logEndOffset };
    const higher = this.#entries.find((entry) => entry.epoch > epoch);
    if (higher === undefined) return undefined;
    const floor = this.#entries.findLast((entry) => entry.epoch <= epoch);
    return { leaderEpoch: floor?.epoch ?? epoch, endOffset: higher.startOffset };
  }

  /** The log now starts at `offset`. */
  truncateStart(offset: number): void {
    const last = this.#entries.findLastIndex((entry) => entry.startOffset <= offset);
    if (last < 0) return;
    const { epoch } = this.#entries[last]!;
    this.#entries.splice(0, last + 1, { epoch, startOffset: offset });
  }

  /** The log now ends at `offset`. */
  truncateEnd(offset: number): void {
    while ((this.#entries.at(-1)?.startOffset ?? -1) >= offset) this.#entries.pop();
  }

  restore(entries: readonly EpochStart[]): void {
    this.#entries = [...entries];
  }
}
