import { api, int16, int32, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/**
 * What a broker names among its features when it holds back the answer to a heartbeat that allows it (`maxWaitMs`).
 * Clients that do not know the feature never send the field; brokers that do not know the field pass over it (KIP-482).
 */
export const heartbeatWait = { feature: "regroup.heartbeat.wait", level: 1 } as const;

/** Far from the numbers that Kafka gives out, which are counted from 0: "rg" in ASCII. */
const maxWaitTag = 0x7267;

/** A member says that it is alive (KIP-345). */
export const Heartbeat = api(12, "Heartbeat", {
  versions: [0, 4],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: nullable(string).since(3),
    /** Not Kafka's: for so long the answer may be held back while the group does not rebalance; 0: not at all. */
    maxWaitMs: int32.tag(maxWaitTag, 4).default(0).ignorable(),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
  },
});

export type HeartbeatRequest = RequestOf<typeof Heartbeat>;
export type HeartbeatResponse = ResponseInput<typeof Heartbeat>;
