/**
 * What coordinators write into their logs (`__consumer_offsets` and its like). A key begins with an int16 type and has
 * one version, 0; a value begins with an int16 version. No value is a tombstone.
 */
import { decodeMessageAt, decodeVersioned, encodePrefixed, prefixOf } from "../codec.ts";
import { Message, type MessageInput, type MessageOf, type Shape, type Versions } from "../schema.ts";

export class CoordinatorRecord<K extends Shape = Shape, V extends Shape = Shape> {
  readonly type: number;
  readonly name: string;
  readonly key: Message<K>;
  readonly value: Message<V>;

  constructor(type: number, name: string, spec: RecordSpec<K, V>) {
    this.type = type;
    this.name = name;
    this.key = new Message(`${name}.key`, { versions: [0, 0] }, spec.key);
    this.value = new Message(`${name}.value`, spec.value, spec.value.fields);
  }
}

interface RecordSpec<K extends Shape, V extends Shape> {
  readonly key: K;
  readonly value: Versions & { readonly fields: V };
}

export function coordinatorRecord<const K extends Shape, const V extends Shape>(
  type: number,
  name: string,
  spec: RecordSpec<K, V>,
): CoordinatorRecord<K, V> {
  return new CoordinatorRecord(type, name, spec);
}

/** The type that a key begins with. @throws {ProtocolError} "truncated" */
export const recordTypeOf: (key: Uint8Array) => number = prefixOf;

export function encodeRecordKey<R extends CoordinatorRecord>(record: R, key: MessageInput<R["key"]>): Uint8Array {
  return encodePrefixed(record.key, 0, key as MessageInput<Message>, record.type);
}

/** @param key of a record whose `recordTypeOf` is this record's. */
export function decodeRecordKey<R extends CoordinatorRecord>(record: R, key: Uint8Array): MessageOf<R["key"]> {
  return decodeMessageAt(record.key, 0, key, 2).value as MessageOf<R["key"]>;
}

export function encodeRecordValue<R extends CoordinatorRecord>(
  record: R,
  version: number,
  value: MessageInput<R["value"]>,
): Uint8Array {
  return encodePrefixed(record.value, version, value as MessageInput<Message>);
}

/** @throws {ProtocolError} "unknown version": written by a later Kafka, the shard cannot load (rule 42). */
export function decodeRecordValue<R extends CoordinatorRecord>(
  record: R,
  value: Uint8Array,
): { readonly version: number; readonly value: MessageOf<R["value"]> } {
  return decodeVersioned(record.value, value) as { version: number; value: MessageOf<R["value"]> };
}
