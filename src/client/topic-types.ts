/**
 * Topics with types, for programs that know what lies in them: `new Kafka<{ orders: Order; alerts: string }>(…)`. Names
 * and values are then checked where records are sent, and known where they are read: `record.topic === "orders"` tells
 * what `record.value` is. Nothing of it is left when the program runs: what bytes become is up to the serializers.
 */
import type { ConsumerRecord } from "./consumer/consumer-record.ts";
import type { ConsumerBatch } from "./consumer/loops.ts";
import type { ProducerRecord, Writable } from "./producer/record.ts";

/** `unknown` as the types of topics: any topic, and no promise what is in it. */
export type TopicName<Topics> = unknown extends Topics ? string : keyof Topics & string;

/** A serializer says what it takes; of one that takes anything (`json`), the topic says what it is given. */
type Sent<V, Typed> = Typed extends V ? Typed : V;
/** A deserializer says what it gives; of one that could give anything, the topic says what it is. */
type Read<V, Typed> = unknown extends V ? Typed : V;

/** A record to send, with the value that its topic holds. */
export type RecordToSend<K, V, Topics> = unknown extends Topics
  ? ProducerRecord<K, V>
  : {
      [Name in TopicName<Topics>]: ProducerRecord<K, Sent<V, Topics[Name & keyof Topics]>> & { readonly topic: Name };
    }[TopicName<Topics>];

/** A record that was read, with the value that its topic holds. */
export type RecordRead<K, V, Topics> = unknown extends Topics
  ? ConsumerRecord<K, V>
  : {
      [Name in TopicName<Topics>]: ConsumerRecord<K, Read<V, Topics[Name & keyof Topics]>> & { readonly topic: Name };
    }[TopicName<Topics>];

/** A batch that was read, with the values that its topic holds. */
export type BatchRead<K, V, Topics> = unknown extends Topics
  ? ConsumerBatch<K, V>
  : {
      [Name in TopicName<Topics>]: ConsumerBatch<K, Read<V, Topics[Name & keyof Topics]>> & { readonly topic: Name };
    }[TopicName<Topics>];

/** What a consumer's configuration makes of keys, or of values. */
export type Deserialized<C, Part extends "key" | "value"> = C extends
  | { readonly [K in `${Part}Deserializer`]: infer D }
  | { readonly [K in `${Part}.deserializer`]: infer D }
  ? D extends "string"
    ? string
    : D extends "json"
      ? unknown
      : D extends (...input: never[]) => infer T
        ? T
        : Uint8Array
  : Uint8Array;

/** What a producer's configuration takes as keys, or as values. */
export type Serialized<C, Part extends "key" | "value"> = C extends
  | { readonly [K in `${Part}Serializer`]: infer S }
  | { readonly [K in `${Part}.serializer`]: infer S }
  ? S extends "string" | "json"
    ? unknown
    : S extends (value: infer T, ...more: never[]) => unknown
      ? T
      : Writable
  : Writable;
