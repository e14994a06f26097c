/** Producers whose coordinator is being asked whether a transaction of theirs may begin here (KIP-890). */
import type { TransactionStart, Verification } from "./log.ts";

export interface PendingVerification extends Verification {
  readonly addsPartition: boolean;
  readonly sinceMs: number;
  producerEpoch: number;
  /** Of the epoch: a later batch that is answered first must not become the transaction's first. */
  lowestSequence: number;
}

export class Verifications {
  /** Undefined until there is one: most partitions never have any. */
  #pending: Map<number, PendingVerification> | undefined;

  of(producerId: number): PendingVerification | undefined {
    return this.#pending?.get(producerId);
  }

  start({ producerId, producerEpoch, baseSequence }: TransactionStart, addsPartition: boolean, wallMs: number) {
    this.#pending ??= new Map();
    const known = this.#pending.get(producerId);
    if (known === undefined) {
      const lowestSequence = baseSequence;
      const pending = { producerId, producerEpoch, lowestSequence, addsPartition, sinceMs: wallMs };
      this.#pending.set(producerId, pending);
      return pending;
    }
    const isNewer = producerEpoch > known.producerEpoch;
    if (isNewer || (producerEpoch === known.producerEpoch && baseSequence < known.lowestSequence)) {
      known.producerEpoch = producerEpoch;
      known.lowestSequence = baseSequence;
    }
    return known;
  }

  /** The producer began its transaction. */
  began(producerId: number): void {
    this.#pending?.delete(producerId);
  }

  /** A marker came: what is being asked is void, unless it is about the transaction after the one that ended. */
  ended(producerId: number, markerEpoch: number): void {
    const pending = this.of(producerId);
    if (pending?.addsPartition && pending.producerEpoch === markerEpoch) return;
    this.#pending?.delete(producerId);
  }

  expire(wallMs: number, expirationMs: number): void {
    for (const [producerId, { sinceMs }] of this.#pending ?? []) {
      if (wallMs - sinceMs >= expirationMs) this.began(producerId);
    }
  }
}
