/**
 * What a partition remembers of idempotent and transactional producers (KIP-98): the last five batches of each, so
 * that a retried batch is answered with its old offsets and a lost one is noticed. Rebuilt from the log on recovery.
 */
import { ErrorCode } from "../protocol/errors.ts";
import { type BatchView, incrementSequence } from "../protocol/records/batch.ts";
import type { ProducerSnapshot } from "./log.ts";

/** Why a batch of an idempotent producer is refused. */
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

/** `client`: sequences are checked. `coordinator`: only the epoch, since its batches carry no sequence. */
export type AppendOrigin = "client" | "coordinator";

export type ProducerCheck =
  | { readonly kind: "accepted" }
  | { readonly kind: "duplicate"; readonly batch: RememberedBatch }
  | { readonly kind: "refused"; readonly verdict: ProducerVerdict };

/** Kafka's ProducerStateEntry.NUM_BATCHES_TO_RETAIN: as many as a producer may have in flight. */
const rememberedBatches = 5;
const accepted: ProducerCheck = { kind: "accepted" };

interface Producer {
  readonly producerId: number;
  producerEpoch: number;
  /** Largest timestamp of its last batch: expiry goes by it, as in Kafka, since a recovery knows no other. */
  lastTimestamp: number;
  /** Of the current epoch, oldest first. */
  batches: RememberedBatch[];
}

/** One producer as the checkpoint keeps it: id, epoch, last timestamp, then four numbers for each batch. */
export type SavedProducer = readonly number[];

export class ProducerStates {
  readonly #producers = new Map<number, Producer>();

  get size(): number {
    return this.#producers.size;
  }

  /**
   * Would the batches, appended together and in this order, be accepted? Changes nothing. A duplicate is only told of
   * a batch that comes alone: Kafka takes no second batch from an idempotent producer in one append.
   */
  check(batches: readonly BatchView[], origin: AppendOrigin): ProducerCheck {
    const first = batches[0];
    if (batches.length === 1 && first !== undefined) return this.#check(first, this.#producers, origin);
    const tentative = new Map<number, Producer>();
    for (const batch of batches) {
      const { producerId } = batch;
      if (producerId < 0) continue;
      const known = this.#producers.get(producerId);
      if (known && !tentative.has(producerId)) tentative.set(producerId, { ...known, batches: [...known.batches] });
      const check = this.#check(batch, tentative, origin);
      if (check.kind !== "accepted") return check;
      remember(tentative, batch);
    }
    return accepted;
  }

  #check(batch: BatchView, producers: ReadonlyMap<number, Producer>, origin: AppendOrigin): ProducerCheck {
    const { producerId, producerEpoch, baseSequence, lastSequence } = batch;
    if (producerId < 0) return accepted;
    const known = producers.get(producerId);
    // A producer that nobody remembers (expired, or its records are gone) may begin with any sequence (KIP-360).
    if (known === undefined) return accepted;
    const who = `producer ${producerId}`;
    if (origin === "client" && !batch.control && producerEpoch === known.producerEpoch) {
      const same = known.batches.find((old) => old.firstSequence === baseSequence && old.lastSequence === lastSequence);
      if (same) return { kind: "duplicate", batch: same };
    }
    if (producerEpoch < known.producerEpoch) {
      return refused(
        ErrorCode.INVALID_PRODUCER_EPOCH,
        `${who} has epoch ${known.producerEpoch}: epoch ${producerEpoch} is fenced`,
      );
    }
    if (origin !== "client" || batch.control) return accepted;
    const newEpoch = producerEpoch !== known.producerEpoch;
    const last = newEpoch ? undefined : known.batches.at(-1)?.lastSequence;
    const expected = last === undefined ? 0 : incrementSequence(last, 1);
    if (baseSequence === expected) return accepted;
    return refused(
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      `${who}, epoch ${producerEpoch}: sequence ${baseSequence} where ${expected} is expected`,
    );
  }

  /** Remembers an appended batch, whose offsets are assigned. */
  append(batch: BatchView): void {
    if (batch.producerId >= 0) remember(this.#producers, batch);
  }

  /** Is it the last batch of its producer, which tells the next sequence? */
  isLast(batch: BatchView): boolean {
    return this.#producers.get(batch.producerId)?.batches.at(-1)?.lastOffset === batch.lastOffset;
  }

  /** Forgets producers that wrote nothing for `expirationMs` (producer.id.expiration.ms). */
  expire(wallMs: number, expirationMs: number): void {
    for (const [producerId, { lastTimestamp }] of this.#producers) {
      if (wallMs - lastTimestamp >= expirationMs) this.#producers.delete(producerId);
    }
  }

  /**
   * Forgets the batches from `offset` on. A producer of which nothing is left is forgotten with them, and may begin
   * with any sequence: what it wrote before its last five batches is not known any more.
   */
  truncate(offset: number): void {
    for (const [producerId, producer] of this.#producers) {
      producer.batches = producer.batches.filter((batch) => batch.lastOffset < offset);
      if (producer.batches.length === 0) this.#producers.delete(producerId);
    }
  }

  *snapshots(): Generator<ProducerSnapshot> {
    for (const { producerId, producerEpoch, lastTimestamp, batches } of this.#producers.values()) {
      yield { producerId, producerEpoch, lastTimestamp, lastSequence: batches.at(-1)?.lastSequence ?? -1 };
    }
  }

  save(): SavedProducer[] {
    return Array.from(this.#producers.values(), ({ producerId, producerEpoch, lastTimestamp, batches }) => [
      producerId,
      producerEpoch,
      lastTimestamp,
      ...batches.flatMap((batch) => [batch.firstSequence, batch.lastSequence, batch.baseOffset, batch.lastOffset]),
    ]);
  }

  restore(saved: readonly SavedProducer[]): void {
    this.#producers.clear();
    for (const [producerId = -1, producerEpoch = -1, lastTimestamp = -1, ...rest] of saved) {
      const batches: RememberedBatch[] = [];
      for (let at = 0; at + 3 < rest.length; at += 4) {
        const [firstSequence = -1, lastSequence = -1, baseOffset = -1, lastOffset = -1] = rest.slice(at, at + 4);
        batches.push({ firstSequence, lastSequence, baseOffset, lastOffset });
      }
      this.#producers.set(producerId, { producerId, producerEpoch, lastTimestamp, batches });
    }
  }
}

function remember(producers: Map<number, Producer>, batch: BatchView): void {
  const { producerId, producerEpoch, maxTimestamp } = batch;
  let producer = producers.get(producerId);
  if (producer === undefined) {
    producer = { producerId, producerEpoch, lastTimestamp: maxTimestamp, batches: [] };
    producers.set(producerId, producer);
  }
  if (producer.producerEpoch !== producerEpoch) producer.batches = [];
  producer.producerEpoch = producerEpoch;
  producer.lastTimestamp = maxTimestamp;
  if (batch.control || batch.baseSequence < 0) return;
  if (producer.batches.length === rememberedBatches) producer.batches.shift();
  producer.batches.push({
    firstSequence: batch.baseSequence,
    lastSequence: batch.lastSequence,
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
  });
}

function refused(errorCode: ErrorCode, message: string): ProducerCheck {
  return { kind: "refused", verdict: { errorCode, message } };
}
