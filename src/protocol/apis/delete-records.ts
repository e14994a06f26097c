import { api, array, int16, int32, int64, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** The start of logs moves forward (KIP-107). */
export const DeleteRecords = api(21, "DeleteRecords", {
  versions: [0, 2],
  flexible: 2,
  request: {
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        offset: int64,
      }),
    }),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        lowWatermark: int64,
        errorCode: int16,
      }),
    }),
  },
});

export type DeleteRecordsRequest = RequestOf<typeof DeleteRecords>;
export type DeleteRecordsResponse = ResponseInput<typeof DeleteRecords>;
