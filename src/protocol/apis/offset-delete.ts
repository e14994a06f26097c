import { api, array, int16, int32, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Offsets of a group go, topic by topic (KIP-496). */
export const OffsetDelete = api(47, "OffsetDelete", {
  versions: [0, 0],
  request: {
    groupId: string,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
      }),
    }),
  },
  response: {
    errorCode: int16,
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
});

export type OffsetDeleteRequest = RequestOf<typeof OffsetDelete>;
export type OffsetDeleteResponse = ResponseInput<typeof OffsetDelete>;
