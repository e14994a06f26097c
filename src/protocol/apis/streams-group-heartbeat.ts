import {
  api,
  array,
  boolean,
  int8,
  int16,
  int32,
  int64,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
  uint16,
} from "../schema.ts";

const keyValue = {
  key: string,
  value: string,
};

const topicInfo = {
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array(keyValue),
};

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
};

const endpoint = {
  host: string,
  port: uint16,
};

const taskOffset = {
  subtopologyId: string,
  partition: int32,
  offset: int64,
};

const status = {
  statusCode: int8,
  statusDetail: string,
};

const topicPartition = {
  topic: string,
  partitions: array(int32),
};

/** The one request of the streams protocol: topology, tasks, endpoints (KIP-1071). */
export const StreamsGroupHeartbeat = api(88, "StreamsGroupHeartbeat", {
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    endpointInformationEpoch: int32,
    instanceId: nullable(string).default(null),
    rackId: nullable(string).default(null),
    rebalanceTimeoutMs: int32.default(-1),
    topology: nullable({
      epoch: int32,
      subtopologies: array({
        subtopologyId: string,
        sourceTopics: array(string),
        sourceTopicRegex: array(string),
        stateChangelogTopics: array(topicInfo),
        repartitionSinkTopics: array(string),
        repartitionSourceTopics: array(topicInfo),
        copartitionGroups: array({
          sourceTopics: array(int16),
          sourceTopicRegex: array(int16),
          repartitionSourceTopics: array(int16),
        }),
      }),
    }).default(null),
    activeTasks: nullable(array(taskIds)).default(null),
    standbyTasks: nullable(array(taskIds)).default(null),
    warmupTasks: nullable(array(taskIds)).default(null),
    processId: nullable(string).default(null),
    userEndpoint: nullable(endpoint).default(null),
    clientTags: nullable(array(keyValue)).default(null),
    taskOffsets: nullable(array(taskOffset)).default(null),
    taskEndOffsets: nullable(array(taskOffset)).default(null),
    shutdownApplication: boolean.default(false),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    memberId: string,
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    acceptableRecoveryLag: int32,
    taskOffsetIntervalMs: int32,
    status: nullable(array(status)),
    activeTasks: nullable(array(taskIds)).default(null),
    standbyTasks: nullable(array(taskIds)).default(null),
    warmupTasks: nullable(array(taskIds)).default(null),
    endpointInformationEpoch: int32,
    partitionsByUserEndpoint: nullable(
      array({
        userEndpoint: endpoint,
        activePartitions: array(topicPartition),
        standbyPartitions: array(topicPartition),
      }),
    ).default(null),
  },
});

export type StreamsGroupHeartbeatRequest = RequestOf<typeof StreamsGroupHeartbeat>;
export type StreamsGroupHeartbeatResponse = ResponseInput<typeof StreamsGroupHeartbeat>;
