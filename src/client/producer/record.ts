/** What goes into a producer and what comes back. */
import type { RecordHeader } from "../../protocol/records/batch.ts";

/** Header values by name; or a list of pairs, where order and duplicates matter. */
export type HeadersInput =
  | Readonly<Record<string, Uint8Array | string | null>>
  | readonly (readonly [name: string, value: Uint8Array | string | null])[];

/** What a serializer is configured for; without one, bytes and texts. */
export type Writable = Uint8Array | string;

/** A record to send. */
export interface ProducerRecord<K = Writable, V = Writable> {
  readonly topic: string;
  /** null or left out: the record has no key, and goes where the sticky partitioner is. */
  readonly key?: K | null | undefined;
  /** null is a tombstone. */
  readonly value: V | null;
  /** In their order, with duplicates. */
  readonly headers?: HeadersInput | undefined;
  /** Milliseconds; default now. */
  readonly timestamp?: number | undefined;
  /** Default: chosen by the partitioner. */
  readonly partition?: number | undefined;
}

/** Where a record was written. */
export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  /** -1 when the broker does not tell: acks=0, or a batch that it had already and no longer remembers where. */
  readonly offset: number;
  /** The record's timestamp, or the broker's where the topic has LogAppendTime. */
  readonly timestamp: number;
}

const encoder = new TextEncoder();

export function headersOf(input: HeadersInput): RecordHeader[] {
  const pairs = Array.isArray(input) ? input : Object.entries(input);
  return pairs.map(([key, value]) => ({ key, value: typeof value === "string" ? encoder.encode(value) : value }));
}
