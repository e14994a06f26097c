import { api, array, int16, int32, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Members go, or are removed by an administrator (KIP-345, 800). */
export const LeaveGroup = api(13, "LeaveGroup", {
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    memberId: string.versions(0, 2),
    members: array({
      memberId: string,
      groupInstanceId: nullable(string).default(null),
      reason: nullable(string).since(5).ignorable(),
    }).since(3),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
    members: array({
      memberId: string,
      groupInstanceId: nullable(string),
      errorCode: int16,
    }).since(3),
  },
});

export type LeaveGroupRequest = RequestOf<typeof LeaveGroup>;
export type LeaveGroupResponse = ResponseInput<typeof LeaveGroup>;
