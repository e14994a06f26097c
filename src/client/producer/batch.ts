/** Records on their way to one partition, sent and answered together. */
import type { CompressionType, Platform } from "../../protocol/platform.ts";
import { encodeBatch, incrementSequence, type NewRecord } from "../../protocol/records/batch.ts";

/** Where the fate of records is told: of each once, by `done` or `failed`; `index` is the caller's number for it. */
export interface Delivery {
  done(index: number, partition: number, offset: number, timestamp: number): void;
  failed(error: Error): void;
}

/** Who wrote a batch, for a broker that tells a repetition from a new batch (KIP-98). */
export interface ProducerStamp {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly transactional: boolean;
}

/** At most what a record takes beside key, value and headers: lengths, deltas, attributes. */
const recordOverheadBytes = 21;
const batchHeaderBytes = 61;

/** An upper bound of what the record takes in a batch, uncompressed. */
export function sizeOf(record: NewRecord): number {
  let size = recordOverheadBytes + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  const { headers } = record;
  if (headers === undefined || headers.length === 0) return size;
  for (const header of headers) size += 10 + 3 * header.key.length + (header.value?.length ?? 0);
  return size;
}

export class ProducerBatch {
  readonly topic: string;
  readonly partition: number;
  readonly createdMs: number;
  /** Grows from batch to batch of a partition: the order in which the broker must store them. */
  readonly order: number;
  /** The batch behind it has `order + orderSpan`. */
  #orderSpan = 1;
  readonly #records: NewRecord[] = [];
  readonly #deliveries: Delivery[] = [];
  readonly #indexes: number[] = [];
  /** An upper bound, uncompressed. */
  sizeInBytes = batchHeaderBytes;
  /** Not to be sent before; moves on with each failure. */
  notBeforeMs = 0;
  attempts = 0;
  /** Why the last attempt failed. */
  lastError: Error | undefined;
  stamp: ProducerStamp | undefined;
  #bytes: Uint8Array | undefined;

  readonly #onSettled: (() => void)[] = [];

  constructor(topic: string, partition: number, order: number, nowMs: number) {
    this.topic = topic;
    this.partition = partition;
    this.order = order;
    this.createdMs = nowMs;
  }

  /** What its records are counted with, the header left out. */
  get recordBytes(): number {
    return this.sizeInBytes - batchHeaderBytes;
  }

  get count(): number {
    return this.#records.length;
  }

  /** The sequence that follows this batch's last record. */
  get nextSequence(): number {
    return this.stamp === undefined ? -1 : incrementSequence(this.stamp.baseSequence, this.count);
  }

  add(record: NewRecord, bytes: number, delivery: Delivery, index: number): void {
    this.#records.push(record);
    this.#deliveries.push(delivery);
    this.#indexes.push(index);
    this.sizeInBytes += bytes;
  }

  /** Gives the batch its place in the producer's sequence; what was encoded before is encoded anew. */
  restamp(stamp: ProducerStamp | undefined): void {
    this.stamp = stamp;
    this.#bytes = undefined;
  }

  encoded(compression: CompressionType, platform: Platform): Uint8Array {
    this.#bytes ??= encodeBatch({ records: this.#records, compression, ...this.stamp }, platform);
    return this.#bytes;
  }

  /**
   * Two halves, which take its place in the order and in the sequence; its fate is told when theirs is. The batch must
   * hold two records at least.
   */
  halves(): readonly [ProducerBatch, ProducerBatch] {
    const middle = this.count >> 1;
    const span = this.#orderSpan / 2;
    const halves = [this.#part(0, middle, this.order, span), this.#part(middle, this.count, this.order + span, span)];
    let open = halves.length;
    const settled = () => {
      if (--open === 0) for (const callback of this.#onSettled) callback();
    };
    for (const half of halves) half.onSettled(settled);
    return halves as [ProducerBatch, ProducerBatch];
  }

  #part(from: number, to: number, order: number, span: number): ProducerBatch {
    const part = new ProducerBatch(this.topic, this.partition, order, this.createdMs);
    part.#orderSpan = span;
    part.attempts = this.attempts;
    for (let at = from; at < to; at++) {
      const record = this.#records[at]!;
      part.add(record, sizeOf(record), this.#deliveries[at]!, this.#indexes[at]!);
    }
    const { stamp } = this;
    if (stamp !== undefined) part.stamp = { ...stamp, baseSequence: incrementSequence(stamp.baseSequence, from) };
    return part;
  }

  /** @param logAppendTimeMs -1: the records keep their own timestamps. */
  done(baseOffset: number, logAppendTimeMs: number): void {
    for (let at = 0; at < this.#deliveries.length; at++) {
      const offset = baseOffset === -1 ? -1 : baseOffset + at;
      const timestamp = logAppendTimeMs === -1 ? this.#records[at]!.timestamp : logAppendTimeMs;
      this.#deliveries[at]!.done(this.#indexes[at]!, this.partition, offset, timestamp);
    }
    for (const callback of this.#onSettled) callback();
  }

  failed(error: Error): void {
    for (const delivery of this.#deliveries) delivery.failed(error);
    for (const callback of this.#onSettled) callback();
  }

  /** Called back once the fate of all its records is told. */
  onSettled(callback: () => void): void {
    this.#onSettled.push(callback);
  }
}
