import { api, array, bytes, int16, int32, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** The leader hands in the assignment of a generation, everyone gets their part (KIP-345, 559). */
export const SyncGroup = api(14, "SyncGroup", {
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: nullable(string).since(3),
    protocolType: nullable(string).since(5).ignorable(),
    protocolName: nullable(string).since(5).ignorable(),
    assignments: array({
      memberId: string,
      assignment: bytes,
    }),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
    protocolType: nullable(string).since(5).ignorable(),
    protocolName: nullable(string).since(5).ignorable(),
    assignment: bytes,
  },
});

export type SyncGroupRequest = RequestOf<typeof SyncGroup>;
export type SyncGroupResponse = ResponseInput<typeof SyncGroup>;
