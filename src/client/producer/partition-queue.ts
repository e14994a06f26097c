/** The batches of one partition, in order: waiting for their turn (also for another one), and in flight. */
import type { NewRecord } from "../../protocol/records/batch.ts";
import { type Delivery, ProducerBatch } from "./batch.ts";

/** A record on its way in. */
export interface Outgoing {
  readonly record: NewRecord;
  /** What the record is counted with. */
  readonly bytes: number;
  readonly delivery: Delivery;
  readonly index: number;
}

export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  /** By their order. The last one may still take records. */
  readonly waiting: ProducerBatch[] = [];
  /** Sent and not answered. */
  readonly inFlight = new Set<ProducerBatch>();
  /** Sequence number of the next batch; only with idempotence. */
  nextSequence = 0;
  /**
   * A batch is in flight again. It goes alone: a broker knows a repetition among the last five batches only, so no more
   * than five may be stored while the first of them is unanswered.
   */
  #isRepeating = false;
  #nextOrder = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get isIdle(): boolean {
    return this.waiting.length === 0 && this.inFlight.size === 0;
  }

  append({ record, bytes, delivery, index }: Outgoing, batchSize: number, nowMs: number): void {
    let last = this.waiting.at(-1);
    const isOpen = last !== undefined && last.attempts === 0 && last.sizeInBytes + bytes <= batchSize;
    if (last === undefined || !isOpen) {
      last = new ProducerBatch(this.topic, this.partition, this.#nextOrder++, nowMs);
      this.waiting.push(last);
    }
    last.add(record, bytes, delivery, index);
  }

  /** Takes the first batch that waits; it is in flight until it is settled or put back. */
  take(): ProducerBatch {
    const batch = this.waiting.shift()!;
    this.#isRepeating = batch.attempts > 0;
    batch.attempts++;
    this.inFlight.add(batch);
    return batch;
  }

  settled(batch: ProducerBatch): void {
    this.inFlight.delete(batch);
    if (this.inFlight.size === 0) this.#isRepeating = false;
  }

  /** The batch is to be sent again, before those that came later. */
  putBack(batch: ProducerBatch, notBeforeMs: number): void {
    this.#replace(batch, [batch], notBeforeMs);
  }

  /** Its halves are to be sent instead. */
  split(batch: ProducerBatch, nowMs: number): void {
    this.#replace(batch, batch.halves(), nowMs);
  }

  #replace(batch: ProducerBatch, by: readonly ProducerBatch[], notBeforeMs: number): void {
    for (const each of by) each.notBeforeMs = notBeforeMs;
    const at = this.waiting.findIndex(({ order }) => order > batch.order);
    this.waiting.splice(at === -1 ? this.waiting.length : at, 0, ...by);
    this.settled(batch);
  }

  /** Is there an older batch whose fate is open? Then a gap in the sequence is no wonder. */
  hasOlder(batch: ProducerBatch): boolean {
    const isOlder = ({ order }: ProducerBatch) => order < batch.order;
    return this.waiting.some(isOlder) || [...this.inFlight].some(isOlder);
  }

  /** When the first waiting batch may leave; Infinity when none may. */
  readyMs(lingerMs: number, batchSize: number): number {
    const first = this.waiting[0];
    const mustWait = this.inFlight.size > 0 && (this.#isRepeating || first?.attempts !== 0);
    if (first === undefined || mustWait) return Number.POSITIVE_INFINITY;
    if (first.attempts > 0) return first.notBeforeMs;
    return this.waiting.length > 1 || first.sizeInBytes >= batchSize ? 0 : first.createdMs + lingerMs;
  }

  /** A new producer epoch begins: sequences start at 0, also of what was sent before and waits again. */
  startSequencesAnew(): void {
    this.nextSequence = 0;
    for (const batch of this.waiting) batch.restamp(undefined);
  }
}
