import { api, array, boolean, int16, int32, int64, type RequestOf, type ResponseInput, string } from "../schema.ts";

const addPartitionsToTxnTopic = {
  name: string,
  partitions: array(int32),
};

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32,
  partitionErrorCode: int16,
};

const addPartitionsToTxnTopicResult = {
  name: string,
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
};

/** Partitions join transactions; from version 4 brokers ask for several producers at once (KIP-98, 890). */
export const AddPartitionsToTxn = api(24, "AddPartitionsToTxn", {
  versions: [0, 5],
  flexible: 3,
  request: {
    transactions: array({
      transactionalId: string,
      producerId: int64,
      producerEpoch: int16,
      verifyOnly: boolean.default(false),
      topics: array(addPartitionsToTxnTopic),
    }).since(4),
    v3AndBelowTransactionalId: string.versions(0, 3),
    v3AndBelowProducerId: int64.versions(0, 3),
    v3AndBelowProducerEpoch: int16.versions(0, 3),
    v3AndBelowTopics: array(addPartitionsToTxnTopic).versions(0, 3),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(4).ignorable(),
    resultsByTransaction: array({
      transactionalId: string,
      topicResults: array(addPartitionsToTxnTopicResult),
    }).since(4),
    resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult).versions(0, 3),
  },
});

export type AddPartitionsToTxnRequest = RequestOf<typeof AddPartitionsToTxn>;
export type AddPartitionsToTxnResponse = ResponseInput<typeof AddPartitionsToTxn>;
