import {
  api,
  array,
  boolean,
  bytes,
  int16,
  int32,
  int64,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
} from "../schema.ts";

/** Not Kafka's: far from the numbers that Kafka gives out, which are counted from 0. "rg" in ASCII. */
const rebalancesTag = 0x7267;

/** State and members of classic groups (KIP-345, 1043). */
export const DescribeGroups = api(15, "DescribeGroups", {
  versions: [0, 6],
  flexible: 5,
  request: {
    groups: array(string),
    includeAuthorizedOperations: boolean.since(3),
    /** Not Kafka's: the last rebalances are asked for. A broker that does not know the field passes over it. */
    includeRebalances: boolean.tag(rebalancesTag, 5).default(false).ignorable(),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    groups: array({
      errorCode: int16,
      errorMessage: nullable(string).since(6),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array({
        memberId: string,
        groupInstanceId: nullable(string).since(4).ignorable(),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: int32.since(3).default(-2_147_483_648),
      /** Not Kafka's: the oldest first; null where the broker does not tell, or was not asked. */
      rebalances: nullable(
        array({
          reason: string,
          fromGeneration: int32,
          toGeneration: int32,
          /** Milliseconds since 1970, by the broker's clock. */
          completedMs: int64,
          durationMs: int32,
          members: int32,
          /** Member ids. */
          joined: array(string),
          left: array(string),
        }),
      )
        .tag(rebalancesTag, 5)
        .default(null)
        .ignorable(),
    }),
  },
});

export type DescribeGroupsRequest = RequestOf<typeof DescribeGroups>;
export type DescribeGroupsResponse = ResponseInput<typeof DescribeGroups>;
