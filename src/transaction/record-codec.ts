import type { RecordCodec } from "../coordinator/machine.ts";
import { prefixOf } from "../protocol/codec.ts";
import {
  decodeRecordKey,
  decodeRecordValue,
  encodeRecordKey,
  encodeRecordValue,
} from "../protocol/coordinator-records/record.ts";
import { TransactionLog } from "../protocol/coordinator-records/transaction-log.ts";
import type { TransactionMetadata, TransactionRecord } from "./record.ts";
import { states } from "./transitions.ts";

/** What Kafka writes while transaction.version is finalised at 1 or more. */
const valueVersion = 1;

/** `__transaction_state` as Kafka writes it, read in both versions. */
export const transactionRecordCodec: RecordCodec<TransactionRecord> = {
  encode({ transactionalId, value }) {
    const key = encodeRecordKey(TransactionLog, { transactionalId });
    return { key, value: value === null ? null : encodeRecordValue(TransactionLog, valueVersion, toWire(value)) };
  },

  decode(key, value) {
    if (prefixOf(key) !== TransactionLog.type) return undefined;
    const { transactionalId } = decodeRecordKey(TransactionLog, key);
    return { transactionalId, value: value === null ? null : fromWire(value) };
  },
};

function toWire(metadata: TransactionMetadata) {
  return {
    producerId: metadata.producerId,
    previousProducerId: metadata.previousProducerId,
    nextProducerId: metadata.nextProducerId,
    producerEpoch: metadata.producerEpoch,
    transactionTimeoutMs: metadata.transactionTimeoutMs,
    transactionStatus: states.indexOf(metadata.state),
    transactionPartitions:
      metadata.state === "Empty"
        ? null
        : metadata.topics.map(({ name: topic, partitions }) => ({ topic, partitionIds: [...partitions] })),
    transactionLastUpdateTimestampMs: metadata.lastUpdateMs,
    transactionStartTimestampMs: metadata.startMs,
    clientTransactionVersion: metadata.clientTransactionVersion,
  };
}

function fromWire(bytes: Uint8Array): TransactionMetadata {
  const { value } = decodeRecordValue(TransactionLog, bytes);
  const state = states[value.transactionStatus];
  if (state === undefined) throw new Error(`a transaction of an unknown state: ${value.transactionStatus}`);
  return {
    producerId: value.producerId,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    transactionTimeoutMs: value.transactionTimeoutMs,
    state,
    topics: (value.transactionPartitions ?? []).map(({ topic: name, partitionIds: partitions }) => {
      return { name, partitions };
    }),
    lastUpdateMs: value.transactionLastUpdateTimestampMs,
    startMs: value.transactionStartTimestampMs,
    clientTransactionVersion: value.clientTransactionVersion,
  };
}
