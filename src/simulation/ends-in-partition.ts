/**
 * What of transactions was written to one partition since its broker started: how far a read_committed reader may go at
 * most, and which ends are durable. Kept apart from the log, which has to come to the same.
 */
import type { TransactionResult } from "../coordinator/machine.ts";
import { type BatchView, readMarker } from "../protocol/records/batch.ts";

export interface TransactionEnd {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly type: TransactionResult;
  /** Of its marker. */
  readonly offset: number;
  /** Of the first record that it ends; undefined: there is none. */
  readonly firstOffset: number | undefined;
}

export class EndsInPartition {
  /** First offsets of open transactions, by producer id. */
  readonly #open = new Map<number, number>();
  /** Those whose marker is not durable. */
  #ending: TransactionEnd[] = [];
  /** The last durable one, by producer id. */
  readonly #ended = new Map<number, TransactionEnd>();

  /** @returns the end that the batch is, if it is one. */
  appended(batch: BatchView): TransactionEnd | undefined {
    if (!batch.transactional) return undefined;
    const { producerId, producerEpoch, baseOffset } = batch;
    const marker = batch.control ? readMarker(batch) : undefined;
    if (marker === undefined) {
      if (!this.#open.has(producerId)) this.#open.set(producerId, baseOffset);
      return undefined;
    }
    const firstOffset = this.#open.get(producerId);
    this.#open.delete(producerId);
    const end = { producerId, producerEpoch, type: marker.type, offset: baseOffset, firstOffset };
    this.#ending.push(end);
    return end;
  }

  /** What stands in front of this offset is durable. */
  durable(highWatermark: number): void {
    for (const end of this.#ending) if (end.offset < highWatermark) this.#ended.set(end.producerId, end);
    this.#ending = this.#ending.filter(({ offset }) => offset >= highWatermark);
  }

  hasDurable({ producerId, producerEpoch, type }: Omit<TransactionEnd, "offset" | "firstOffset">): boolean {
    const end = this.#ended.get(producerId);
    return end?.producerEpoch === producerEpoch && end.type === type;
  }

  /** Nobody may read what is committed from here on. */
  get firstUndecided(): number {
    const ending = this.#ending.map(({ firstOffset = Number.POSITIVE_INFINITY }) => firstOffset);
    return Math.min(...this.#open.values(), ...ending);
  }
}
