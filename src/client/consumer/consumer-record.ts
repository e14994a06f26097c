/** A record as the application sees it; key, value and headers are read when they are looked at. */
import { nodePlatform } from "../../platform/node-platform.ts";
import { type RecordHeader, readHeaderCount, skipBytes, type TimestampType } from "../../protocol/records/batch.ts";
import type { VarintReader } from "../../protocol/records/integers.ts";
import type { Deserializer, SerdeContext } from "../serde.ts";
import { DeserializationError } from "./errors.ts";

/** What the records of a batch have in common. */
export interface BatchContext {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly timestampType: TimestampType;
  /** Over the (decompressed) records of the batch. */
  readonly reader: VarintReader;
  readonly keyDeserializer: Deserializer;
  readonly valueDeserializer: Deserializer;
}

/** Nothing is read yet. */
const unread = Symbol("unread");

/**
 * Keys, values and header values are views of what was fetched, and keep it in memory: copy what outlives the record.
 * `key` and `value` throw {@link DeserializationError} where a deserializer does.
 */
export class ConsumerRecord<K = Uint8Array, V = Uint8Array> {
  readonly offset: number;
  /** Milliseconds since 1970; -1: none. */
  readonly timestamp: number;
  readonly #batch: BatchContext;
  /** Of the key's length, and of the record's end. */
  readonly #at: number;
  readonly #end: number;
  #key: K | null | typeof unread = unread;
  #value: V | null | typeof unread = unread;
  #headers: readonly RecordHeader[] | undefined;

  constructor(batch: BatchContext, offset: number, timestamp: number, at: number, end: number) {
    this.#batch = batch;
    this.offset = offset;
    this.timestamp = timestamp;
    this.#at = at;
    this.#end = end;
  }

  get topic(): string {
    return this.#batch.topic;
  }

  get partition(): number {
    return this.#batch.partition;
  }

  /** -1: the broker does not tell. */
  get leaderEpoch(): number {
    return this.#batch.leaderEpoch;
  }

  /** LogAppendTime: `timestamp` is the broker's. */
  get timestampType(): TimestampType {
    return this.#batch.timestampType;
  }

  get key(): K | null {
    if (this.#key === unread) this.#key = this.#read("key") as K | null;
    return this.#key;
  }

  /** null is a tombstone. */
  get value(): V | null {
    if (this.#value === unread) this.#value = this.#read("value") as V | null;
    return this.#value;
  }

  /** In their order, with duplicates. */
  get headers(): readonly RecordHeader[] {
    this.#headers ??= readHeaders(this.#readerBehind(2));
    return this.#headers;
  }

  /** All of the record; keys and values that are bytes stay bytes. */
  toJSON(): object {
    const { topic, partition, offset, timestamp, key, value, headers } = this;
    return { topic, partition, offset, timestamp, key, value, headers };
  }

  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return this.toJSON();
  }

  #read(part: "key" | "value"): unknown {
    const bytes = readBytes(this.#readerBehind(part === "key" ? 0 : 1));
    if (bytes === null) return null;
    const isKey = part === "key";
    const { keyDeserializer, valueDeserializer } = this.#batch;
    try {
      return (isKey ? keyDeserializer : valueDeserializer)(bytes, new LazyContext(this, isKey));
    } catch (error) {
      throw new DeserializationError({ topic: this.topic, partition: this.partition }, this.offset, part, error);
    }
  }

  /** Behind so many of key and value. */
  #readerBehind(count: number): VarintReader {
    const { reader } = this.#batch;
    reader.at = this.#at;
    reader.end = this.#end;
    for (let index = 0; index < count; index++) skipBytes(reader);
    return reader;
  }
}

/** Headers are read only for a deserializer that looks at them. */
class LazyContext implements SerdeContext {
  readonly #record: ConsumerRecord<unknown, unknown>;
  readonly isKey: boolean;

  constructor(record: ConsumerRecord<unknown, unknown>, isKey: boolean) {
    this.#record = record;
    this.isKey = isKey;
  }

  get topic(): string {
    return this.#record.topic;
  }

  get headers(): RecordHeader[] {
    return [...this.#record.headers];
  }
}

function readBytes(reader: VarintReader): Uint8Array | null {
  const length = skipBytes(reader);
  return length < 0 ? null : reader.bytes.subarray(reader.at - length, reader.at);
}

function readHeaders(reader: VarintReader): RecordHeader[] {
  return Array.from({ length: readHeaderCount(reader) }, () => {
    const length = Math.max(0, skipBytes(reader));
    const key = nodePlatform.utf8Decode(reader.bytes, reader.at - length, reader.at);
    return { key, value: readBytes(reader) };
  });
}
