import { api, array, int16, int32, nullable, type RequestOf, type ResponseInput, string, uuid } from "../schema.ts";

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
};

/** A member of a share group joins, learns its partitions, leaves (KIP-932). */
export const ShareGroupHeartbeat = api(76, "ShareGroupHeartbeat", {
  versions: [1, 1],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    rackId: nullable(string).default(null),
    subscribedTopicNames: nullable(array(string)).default(null),
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

export type ShareGroupHeartbeatRequest = RequestOf<typeof ShareGroupHeartbeat>;
export type ShareGroupHeartbeatResponse = ResponseInput<typeof ShareGroupHeartbeat>;
