/**
 * What a partition remembers of idempotent and transactional producers (KIP-98): the last five batches of each, so
 * that a retried batch is answered with its old offsets and a lost one is noticed; its epochs, and the transaction
 * that it has open. Rebuilt from checkpoint and log on recovery.
 */
import { ErrorCode } from "../protocol/errors.ts";
import { type BatchView, incrementSequence, type Marker, readMarker } from "../protocol/records/batch.ts";
import type { AppendOptions, ProducerSnapshot, TransactionStart, VerificationStart } from "./log.ts";
import { Transactions } from "./transactions.ts";
import { Verifications } from "./verifications.ts";

/** Why a batch of an idempotent producer, or a marker, is refused. */
export interface ProducerVerdict {
  readonly errorCode: ErrorCode;
  readonly message: string;
}

export interface RememberedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
}

/** Without `internal` a client's: sequences are checked. */
export type CheckOptions = Pick<AppendOptions, "internal" | "transactionVersion" | "verification">;

export type ProducerCheck =
  | { readonly kind: "accepted" }
  | { readonly kind: "duplicate"; readonly batch: RememberedBatch }
  | { readonly kind: "refused"; readonly verdict: ProducerVerdict };

/** Kafka's ProducerStateEntry.NUM_BATCHES_TO_RETAIN: as many as a producer may have in flight. */
const rememberedBatches = 5;
const largestEpoch = 0x7fff;
const accepted: ProducerCheck = { kind: "accepted" };

interface Producer {
  readonly producerId: number;
  producerEpoch: number;
  /** -1: it had no marker here. */
  coordinatorEpoch: number;
  /** -1: it has no transaction open. */
  currentTxnStartOffset: number;
  /** Largest timestamp of its last batch: expiry goes by it, as in Kafka, since a recovery knows no other. */
  lastTimestamp: number;
  /** Of the last batch, a marker too. */
  lastOffset: number;
  /** Of the current epoch, oldest first. */
  batches: RememberedBatch[];
}

/**
 * One producer as the checkpoint keeps it: id, epoch, coordinator epoch, start of its transaction, last timestamp, last
 * offset, then four numbers for each batch.
 */
export type SavedProducer = readonly number[];

export class ProducerStates {
  readonly transactions = new Transactions();
  readonly #producers = new Map<number, Producer>();
  readonly #verifications = new Verifications();

  get size(): number {
    return this.#producers.size;
  }

  /**
   * Would the batches, appended together and in this order, be accepted? Changes nothing. A duplicate is only told of
   * a batch that comes alone: Kafka takes no second batch from an idempotent producer in one append.
   */
  check(batches: readonly BatchView[], options: CheckOptions): ProducerCheck {
    const first = batches[0];
    if (batches.length === 1 && first !== undefined) return this.#check(first, this.#producers, options);
    const tentative = new Map<number, Producer>();
    for (const batch of batches) {
      const { producerId } = batch;
      if (producerId < 0) continue;
      const known = this.#producers.get(producerId);
      if (known && !tentative.has(producerId)) tentative.set(producerId, { ...known, batches: [...known.batches] });
      const check = this.#check(batch, tentative, options);
      if (check.kind !== "accepted") return check;
      remember(tentative, batch);
    }
    return accepted;
  }

  #check(batch: BatchView, producers: ReadonlyMap<number, Producer>, options: CheckOptions): ProducerCheck {
    const { producerId } = batch;
    if (producerId < 0) return accepted;
    const known = producers.get(producerId);
    if (batch.control) return checkMarker(batch, known, options.transactionVersion ?? 0);
    const { baseSequence, producerEpoch, lastSequence, transactional } = batch;
    if (!options.internal && producerEpoch === known?.producerEpoch) {
      const same = known.batches.find((old) => old.firstSequence === baseSequence && old.lastSequence === lastSequence);
      if (same) return { kind: "duplicate", batch: same };
    }
    const isInTransaction = known !== undefined && known.currentTxnStartOffset >= 0;
    if (known !== undefined && producerEpoch < known.producerEpoch) return fenced(batch, known);
    const continues = isInTransaction && producerEpoch === known.producerEpoch;
    const refusal = (transactional && !continues && this.#checkVerified(batch, options)) || undefined;
    const check = refusal ?? (options.internal ? accepted : this.#checkSequence(batch, known));
    if (check.kind !== "accepted") return check;
    if (!isInTransaction || transactional) return accepted;
    return refused(
      ErrorCode.INVALID_TXN_STATE,
      `producer ${producerId} has a transaction open, and a batch comes that is of none`,
    );
  }

  #checkVerified({ producerId }: BatchView, { verification }: CheckOptions): ProducerCheck | undefined {
    if (verification !== undefined && verification === this.#verifications.of(producerId)) return undefined;
    return refused(ErrorCode.INVALID_TXN_STATE, `producer ${producerId}: the partition is in no transaction of it`);
  }

  #checkSequence({ producerId, producerEpoch, baseSequence }: BatchView, known: Producer | undefined): ProducerCheck {
    const outOfOrder = (expected: number) =>
      refused(
        ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
        `producer ${producerId}, epoch ${producerEpoch}: sequence ${baseSequence} where ${expected} is expected`,
      );
    const pending = this.#verifications.of(producerId);
    const isUnheardOf = known === undefined || known.batches.length === 0;
    if (pending?.addsPartition && isUnheardOf && baseSequence !== 0) return outOfOrder(0);
    if (pending !== undefined && baseSequence > pending.lowestSequence) return outOfOrder(pending.lowestSequence);
    // A producer that nobody remembers (expired, or its records are gone) may begin with any sequence (KIP-360).
    if (known === undefined) return accepted;
    const newEpoch = producerEpoch !== known.producerEpoch;
    const last = newEpoch ? undefined : known.batches.at(-1)?.lastSequence;
    const expected = last === undefined ? 0 : incrementSequence(last, 1);
    return baseSequence === expected ? accepted : outOfOrder(expected);
  }

  hasOngoingTransaction(producerId: number, producerEpoch: number): boolean {
    const known = this.#producers.get(producerId);
    return known !== undefined && known.producerEpoch === producerEpoch && known.currentTxnStartOffset >= 0;
  }

  startVerification(start: TransactionStart, addsPartition: boolean, wallMs: number): VerificationStart {
    const known = this.#producers.get(start.producerId);
    if (known !== undefined && start.producerEpoch < known.producerEpoch) {
      return { kind: "refused", verdict: fenced(start, known).verdict };
    }
    if (this.hasOngoingTransaction(start.producerId, start.producerEpoch)) return { kind: "ongoing" };
    return { kind: "needed", verification: this.#verifications.start(start, addsPartition, wallMs) };
  }

  /** Remembers an appended batch, whose offsets are assigned. */
  append(batch: BatchView): void {
    const { producerId } = batch;
    if (producerId < 0) return;
    const firstOffset = this.#producers.get(producerId)?.currentTxnStartOffset ?? -1;
    const marker = remember(this.#producers, batch);
    if (marker !== undefined) {
      this.#verifications.ended(producerId, batch.producerEpoch);
      const ended = { producerId, firstOffset, lastOffset: batch.lastOffset };
      if (firstOffset >= 0) this.transactions.end(ended, marker.type === "ABORT");
    } else if (batch.transactional && !batch.control) {
      this.#verifications.began(producerId);
      if (firstOffset < 0) this.transactions.begin(batch.baseOffset);
    }
  }

  /** Is it what tells the producer's next sequence, or, without any, its epoch? */
  isLast(batch: BatchView): boolean {
    const known = this.#producers.get(batch.producerId);
    if (known === undefined) return false;
    const last = known.batches.at(-1);
    if (last !== undefined) return last.lastOffset === batch.lastOffset;
    return batch.control && batch.producerEpoch === known.producerEpoch;
  }

  /** Forgets producers that wrote nothing for `expirationMs` (producer.id.expiration.ms) and have nothing open. */
  expire(wallMs: number, expirationMs: number): void {
    for (const [producerId, { lastTimestamp, currentTxnStartOffset }] of this.#producers) {
      if (currentTxnStartOffset < 0 && wallMs - lastTimestamp >= expirationMs) this.#producers.delete(producerId);
    }
    this.#verifications.expire(wallMs, expirationMs);
  }

  /**
   * Forgets what came from `offset` on.
   * @param before made by `append` of everything that is left: who wrote since is as it was then.
   */
  truncate(offset: number, before: ProducerStates): void {
    for (const [producerId, { lastOffset }] of this.#producers) {
      if (lastOffset < offset) continue;
      const then = before.#producers.get(producerId);
      if (then) this.#producers.set(producerId, then);
      else this.#producers.delete(producerId);
    }
    this.transactions.truncateEnd(offset, this.#openOffsets());
  }

  *#openOffsets(): Generator<number> {
    for (const { currentTxnStartOffset } of this.#producers.values()) {
      if (currentTxnStartOffset >= 0) yield currentTxnStartOffset;
    }
  }

  *snapshots(): Generator<ProducerSnapshot> {
    for (const { batches, lastOffset: _, ...producer } of this.#producers.values()) {
      yield { ...producer, lastSequence: batches.at(-1)?.lastSequence ?? -1 };
    }
  }

  save(): SavedProducer[] {
    return Array.from(this.#producers.values(), (producer) => [
      producer.producerId,
      producer.producerEpoch,
      producer.coordinatorEpoch,
      producer.currentTxnStartOffset,
      producer.lastTimestamp,
      producer.lastOffset,
      ...producer.batches.flatMap((batch) => [
        batch.firstSequence,
        batch.lastSequence,
        batch.baseOffset,
        batch.lastOffset,
      ]),
    ]);
  }

  restore(saved: readonly SavedProducer[], aborted: Parameters<Transactions["restore"]>[0]): void {
    this.#producers.clear();
    for (const numbers of saved) {
      const [producerId = -1, producerEpoch = -1, coordinatorEpoch = -1, ...others] = withTransaction(numbers);
      const [currentTxnStartOffset = -1, lastTimestamp = -1, lastOffset = -1, ...rest] = others;
      const batches: RememberedBatch[] = [];
      for (let at = 0; at + 3 < rest.length; at += 4) {
        const [firstSequence = -1, lastSequence = -1, baseOffset = -1, lastOffset = -1] = rest.slice(at, at + 4);
        batches.push({ firstSequence, lastSequence, baseOffset, lastOffset });
      }
      const epochs = { producerEpoch, coordinatorEpoch };
      this.#producers.set(producerId, {
        producerId,
        ...epochs,
        currentTxnStartOffset,
        lastTimestamp,
        lastOffset,
        batches,
      });
    }
    this.transactions.restore(aborted, this.#openOffsets());
  }
}

/** Before there were transactions a producer was saved as its id, epoch, last timestamp, and the batches. */
function withTransaction(saved: SavedProducer): SavedProducer {
  if (saved.length % 4 !== 3) return saved;
  const [producerId = -1, producerEpoch = -1, lastTimestamp = -1, ...batches] = saved;
  return [producerId, producerEpoch, -1, -1, lastTimestamp, batches.at(-1) ?? -1, ...batches];
}

/** KIP-890: from version 2 on the marker's epoch is later than its records'; a marker that is repeated does no harm. */
function checkMarker(batch: BatchView, known: Producer | undefined, transactionVersion: number): ProducerCheck {
  const { producerId, producerEpoch } = batch;
  const marker = readMarker(batch);
  if (known === undefined || marker === undefined) return accepted;
  if (producerEpoch < known.producerEpoch) return fenced(batch, known);
  if (transactionVersion >= 2 && producerEpoch === known.producerEpoch) {
    const isRepeated = known.currentTxnStartOffset < 0 || producerEpoch === largestEpoch;
    if (!isRepeated) return fenced(batch, known);
  }
  if (known.coordinatorEpoch <= marker.coordinatorEpoch) return accepted;
  return refused(
    ErrorCode.TRANSACTION_COORDINATOR_FENCED,
    `producer ${producerId}: a marker of coordinator epoch ${marker.coordinatorEpoch} after ${known.coordinatorEpoch}`,
  );
}

/** @returns the marker, when it is one. */
function remember(producers: Map<number, Producer>, batch: BatchView): Marker | undefined {
  const { producerId, producerEpoch, maxTimestamp, lastOffset } = batch;
  const marker = batch.control ? readMarker(batch) : undefined;
  if (batch.control && marker === undefined) return undefined; // compaction emptied it: its transaction is gone
  let producer = producers.get(producerId);
  if (producer === undefined) {
    const none = { coordinatorEpoch: -1, currentTxnStartOffset: -1, batches: [] };
    producer = { producerId, producerEpoch, lastTimestamp: maxTimestamp, lastOffset, ...none };
    producers.set(producerId, producer);
  }
  if (producer.producerEpoch !== producerEpoch) producer.batches = [];
  producer.producerEpoch = producerEpoch;
  producer.lastTimestamp = maxTimestamp;
  producer.lastOffset = lastOffset;
  if (marker !== undefined) {
    producer.coordinatorEpoch = marker.coordinatorEpoch;
    producer.currentTxnStartOffset = -1;
    return marker;
  }
  const { baseOffset, baseSequence: firstSequence, lastSequence } = batch;
  if (batch.transactional && producer.currentTxnStartOffset < 0) producer.currentTxnStartOffset = baseOffset;
  if (firstSequence < 0) return undefined;
  if (producer.batches.length === rememberedBatches) producer.batches.shift();
  producer.batches.push({ firstSequence, lastSequence, baseOffset, lastOffset });
  return undefined;
}

function fenced(
  { producerId, producerEpoch }: Pick<BatchView, "producerId" | "producerEpoch">,
  known: Producer,
): ProducerCheck & { kind: "refused" } {
  const message = `producer ${producerId} has epoch ${known.producerEpoch}: epoch ${producerEpoch} is fenced`;
  return refused(ErrorCode.INVALID_PRODUCER_EPOCH, message);
}

function refused(errorCode: ErrorCode, message: string): ProducerCheck & { kind: "refused" } {
  return { kind: "refused", verdict: { errorCode, message } };
}
