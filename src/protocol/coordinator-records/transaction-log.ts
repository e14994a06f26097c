import { array, int8, int16, int32, int64, type MessageOf, nullable, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** A transaction. Version 0 is written under transaction.version 0, else 1 (KIP-890). */
export const TransactionLog = coordinatorRecord(0, "TransactionLog", {
  key: {
    transactionalId: string,
  },
  value: {
    versions: [0, 1],
    flexible: 1,
    fields: {
      producerId: int64,
      previousProducerId: int64.tag(0, 1).default(-1),
      nextProducerId: int64.tag(1, 1).default(-1),
      producerEpoch: int16,
      nextProducerEpoch: int16.tag(3, 1).default(-1),
      transactionTimeoutMs: int32,
      transactionStatus: int8,
      transactionPartitions: nullable(
        array({
          topic: string,
          partitionIds: array(int32),
        }),
      ),
      transactionLastUpdateTimestampMs: int64,
      transactionStartTimestampMs: int64,
      clientTransactionVersion: int16.tag(2, 1),
    },
  },
});

export type TransactionLogKey = MessageOf<typeof TransactionLog.key>;
export type TransactionLogValue = MessageOf<typeof TransactionLog.value>;
