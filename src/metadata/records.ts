/**
 * The records of `__cluster_metadata`, named as KRaft's. Unlike KRaft's they have keys, so that compaction bounds the
 * log by what is live; a tombstone takes away what its key names.
 */
import type { RecordCodec } from "../coordinator/machine.ts";
import {
  type CoordinatorRecord,
  coordinatorRecord,
  decodeRecordKey,
  decodeRecordValue,
  encodeRecordKey,
  encodeRecordValue,
  recordTypeOf,
} from "../protocol/coordinator-records/record.ts";
import { int8, int32, int64, type MessageOf, type Shape, string, uuid } from "../protocol/schema.ts";

const fieldsOf = <const V extends Shape>(fields: V) => ({ versions: [0, 0], flexible: 0, fields }) as const;

const schemas = {
  /** Whose log this is. */
  ClusterRecord: coordinatorRecord(1, "ClusterRecord", { key: {}, value: fieldsOf({ clusterId: string }) }),
  /** The broker has started once more. */
  RegisterBrokerRecord: coordinatorRecord(2, "RegisterBrokerRecord", {
    key: { brokerId: int32 },
    value: fieldsOf({ brokerEpoch: int64 }),
  }),
  /** Deleting a topic leaves tombstones of this record, of its partitions and of its configs. */
  TopicRecord: coordinatorRecord(3, "TopicRecord", { key: { name: string }, value: fieldsOf({ topicId: uuid }) }),
  /** `brokerEpoch`: in which it was made; the leader epoch counts the starts since. */
  PartitionRecord: coordinatorRecord(4, "PartitionRecord", {
    key: { topicId: uuid, partition: int32 },
    value: fieldsOf({ brokerEpoch: int64 }),
  }),
  ConfigRecord: coordinatorRecord(5, "ConfigRecord", {
    key: { resourceType: int8, resourceName: string, name: string },
    value: fieldsOf({ value: string }),
  }),
  /** All producer ids below are spoken for. */
  ProducerIdsRecord: coordinatorRecord(6, "ProducerIdsRecord", { key: {}, value: fieldsOf({ nextProducerId: int64 }) }),
} as const;

type Schemas = typeof schemas;
type Lasting = "ClusterRecord" | "RegisterBrokerRecord" | "ProducerIdsRecord";

/** `value` null: a tombstone. Some records are never taken back. */
export type MetadataRecord = {
  [T in keyof Schemas]: {
    readonly type: T;
    readonly key: MessageOf<Schemas[T]["key"]>;
    readonly value: MessageOf<Schemas[T]["value"]> | (T extends Lasting ? never : null);
  };
}[keyof Schemas];

const nameOfType = new Map(Object.entries(schemas).map(([name, { type }]) => [type, name as keyof Schemas]));
const version = 0;

export const metadataCodec: RecordCodec<MetadataRecord> = {
  encode({ type, key, value }) {
    const schema: CoordinatorRecord = schemas[type];
    return {
      key: encodeRecordKey(schema, key),
      value: value === null ? null : encodeRecordValue(schema, version, value),
    };
  },
  decode(keyBytes, valueBytes) {
    const type = nameOfType.get(recordTypeOf(keyBytes));
    if (type === undefined) return undefined;
    const schema: CoordinatorRecord = schemas[type];
    const value = valueBytes === null ? null : decodeRecordValue(schema, valueBytes).value;
    return { type, key: decodeRecordKey(schema, keyBytes), value } as MetadataRecord;
  },
};
