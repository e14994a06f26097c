import { api, int16, int32, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** A member says that it is alive (KIP-345). */
export const Heartbeat = api(12, "Heartbeat", {
  versions: [0, 4],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: nullable(string).since(3),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
  },
});

export type HeartbeatRequest = RequestOf<typeof Heartbeat>;
export type HeartbeatResponse = ResponseInput<typeof Heartbeat>;
