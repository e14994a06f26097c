import {
  api,
  array,
  boolean,
  int8,
  int16,
  int32,
  int64,
  type RequestOf,
  type ResponseInput,
  string,
} from "../schema.ts";

/** The transaction coordinator ends transactions in the partitions that took part (KIP-98, 1228). */
export const WriteTxnMarkers = api(27, "WriteTxnMarkers", {
  versions: [1, 2],
  flexible: 1,
  request: {
    markers: array({
      producerId: int64,
      producerEpoch: int16,
      transactionResult: boolean,
      topics: array({
        name: string,
        partitionIndexes: array(int32),
      }),
      coordinatorEpoch: int32,
      transactionVersion: int8.since(2).ignorable(),
    }),
  },
  response: {
    markers: array({
      producerId: int64,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          errorCode: int16,
        }),
      }),
    }),
  },
});

export type WriteTxnMarkersRequest = RequestOf<typeof WriteTxnMarkers>;
export type WriteTxnMarkersResponse = ResponseInput<typeof WriteTxnMarkers>;
