import {
  api,
  array,
  boolean,
  bytes,
  int16,
  int32,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
} from "../schema.ts";

/** A member enters a group or its next generation, and waits until the others have (KIP-62, 345, 394, 800, 814). */
export const JoinGroup = api(11, "JoinGroup", {
  versions: [0, 9],
  flexible: 6,
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32.since(1).default(-1).ignorable(),
    memberId: string,
    groupInstanceId: nullable(string).since(5),
    protocolType: string,
    protocols: array({
      name: string,
      metadata: bytes,
    }),
    reason: nullable(string).since(8).ignorable(),
  },
  response: {
    throttleTimeMs: int32.since(2).ignorable(),
    errorCode: int16,
    generationId: int32.default(-1),
    protocolType: nullable(string).since(7).ignorable(),
    protocolName: nullable(string, 7),
    leader: string,
    skipAssignment: boolean.since(9),
    memberId: string,
    members: array({
      memberId: string,
      groupInstanceId: nullable(string).since(5).ignorable(),
      metadata: bytes,
    }),
  },
});

export type JoinGroupRequest = RequestOf<typeof JoinGroup>;
export type JoinGroupResponse = ResponseInput<typeof JoinGroup>;
