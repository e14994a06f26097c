import { api, array, int16, int32, nullable, type RequestOf, type ResponseInput, string, uuid } from "../schema.ts";

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
};

/** The one request of the consumer protocol: join, confirm, learn, leave (KIP-848, 1082). */
export const ConsumerGroupHeartbeat = api(68, "ConsumerGroupHeartbeat", {
  versions: [0, 1],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: nullable(string).default(null),
    rackId: nullable(string).default(null),
    rebalanceTimeoutMs: int32.default(-1),
    subscribedTopicNames: nullable(array(string)).default(null),
    subscribedTopicRegex: nullable(string).since(1),
    serverAssignor: nullable(string).default(null),
    topicPartitions: nullable(
      array({
        topicId: uuid,
        partitions: array(int32),
      }),
    ).default(null),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    memberId: nullable(string).default(null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: nullable({
      topicPartitions: array(topicPartitions),
    }).default(null),
  },
});

export type ConsumerGroupHeartbeatRequest = RequestOf<typeof ConsumerGroupHeartbeat>;
export type ConsumerGroupHeartbeatResponse = ResponseInput<typeof ConsumerGroupHeartbeat>;
