/** What compaction has to know of transactions while it goes through batches in order (KIP-98). */
import { type BatchView, readMarker } from "../protocol/records/batch.ts";
import type { EndedTransaction } from "./transactions.ts";

interface AbortedOnTheWay {
  readonly transaction: EndedTransaction;
  hasBatches: boolean;
}

export class CleanedTransactions {
  /** By their first offsets; those from `#next` on begin behind what was gone through. */
  readonly #aborted: readonly EndedTransaction[];
  #next = 0;
  readonly #aborting = new Map<number, AbortedOnTheWay>();
  /** Producers with batches of a transaction that is not aborted. */
  readonly #committing = new Set<number>();
  /** Markers of aborted transactions that no batch is left of. */
  readonly emptied = new Set<number>();

  constructor(abortedByFirstOffset: readonly EndedTransaction[]) {
    this.#aborted = abortedByFirstOffset;
  }

  /** Is the data batch part of an aborted transaction? Then nobody wants its records. To be asked of every one. */
  isAborted(batch: BatchView): boolean {
    if (!batch.transactional) return false;
    this.#pass(batch);
    const aborting = this.#aborting.get(batch.producerId);
    if (aborting === undefined) this.#committing.add(batch.producerId);
    else aborting.hasBatches = true;
    return aborting !== undefined;
  }

  /** Is no batch left of the transaction that the control batch ended? To be asked of every one. */
  isNeedless(batch: BatchView): boolean {
    this.#pass(batch);
    if (batch.count === 0) return true;
    const marker = readMarker(batch);
    if (marker === undefined) return false;
    const { producerId } = batch;
    if (marker.type === "COMMIT") return !this.#committing.delete(producerId);
    const aborting = this.#aborting.get(producerId);
    this.#aborting.delete(producerId);
    if (aborting?.hasBatches) return false;
    if (aborting !== undefined) this.emptied.add(aborting.transaction.lastOffset);
    return true;
  }

  #pass({ lastOffset }: BatchView): void {
    for (let next = this.#aborted[this.#next]; next && next.firstOffset <= lastOffset; ) {
      if (!this.#aborting.has(next.producerId)) {
        this.#aborting.set(next.producerId, { transaction: next, hasBatches: false });
      }
      next = this.#aborted[++this.#next];
    }
  }
}
