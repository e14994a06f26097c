/** Which partition a record goes to, as Java's default partitioner decides it (KIP-480, KIP-794). */
import type { ClusterMetadata } from "../cluster.ts";

interface Sticky {
  partition: number;
  /** Bytes that went there since it was chosen. */
  bytes: number;
}

/**
 * Records without a key stay with one partition until `batchSize` bytes went there, so that batches fill; then another
 * one is drawn, of those that have a leader.
 */
export class StickyPartitions {
  readonly #batchSize: number;
  readonly #random: () => number;
  readonly #topics = new Map<string, Sticky>();

  /** @param random from 0 to 1, below 1. */
  constructor(batchSize: number, random: () => number = Math.random) {
    this.#batchSize = Math.max(1, batchSize);
    this.#random = random;
  }

  /** @param bytes of the record that will go there. */
  next(topic: string, bytes: number, known: ClusterMetadata): number {
    let sticky = this.#topics.get(topic);
    if (sticky === undefined || sticky.bytes >= this.#batchSize) {
      sticky = { partition: this.#draw(topic, known, sticky?.partition), bytes: 0 };
      this.#topics.set(topic, sticky);
    }
    sticky.bytes += bytes;
    return sticky.partition;
  }

  #draw(topic: string, known: ClusterMetadata, before: number | undefined): number {
    const partitions = known.topics.get(topic)?.partitions ?? [];
    const led = partitions.filter(({ leaderId }) => leaderId !== -1);
    const candidates = led.length > 0 ? led : partitions;
    const others = candidates.filter(({ partition }) => partition !== before);
    const from = others.length > 0 ? others : candidates;
    return from[Math.floor(this.#random() * from.length)]?.partition ?? 0;
  }
}
