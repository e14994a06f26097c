/** Between the values of a program and bytes: the seam where a client of a schema registry plugs in. */
import { nodePlatform } from "../platform/node-platform.ts";
import type { RecordHeader } from "../protocol/records/batch.ts";

/** What a serializer or deserializer may know of the record. */
export interface SerdeContext {
  readonly topic: string;
  /** In their order, with duplicates. A serializer may add to them. */
  readonly headers: RecordHeader[];
  readonly isKey: boolean;
}

/** Called for every key or value but null. @returns null for a tombstone. */
export type Serializer<T = unknown> = (value: T, context: SerdeContext) => Uint8Array | null;
/** Called for every key or value but null. The bytes are a view of what was fetched: copy what outlives the record. */
export type Deserializer<T = unknown> = (bytes: Uint8Array, context: SerdeContext) => T;

const encoder = new TextEncoder();
const textOf = (bytes: Uint8Array) => nodePlatform.utf8Decode(bytes, 0, bytes.length);

/** Bytes and texts as they are: what a producer does when it is told nothing. */
export const bytesSerializer: Serializer = (value) => {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return encoder.encode(value);
  throw new TypeError(`expected a Uint8Array or a string, got ${value === null ? "null" : typeof value}`);
};

export const serializers: Readonly<Record<string, Serializer>> = {
  bytes: bytesSerializer,
  string: (value) => encoder.encode(String(value)),
  json: (value) => encoder.encode(JSON.stringify(value)),
};

export const deserializers: Readonly<Record<string, Deserializer>> = {
  bytes: (bytes) => bytes,
  string: textOf,
  json: (bytes) => JSON.parse(textOf(bytes)),
};
