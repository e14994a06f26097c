import {
  api,
  array,
  boolean,
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

const endpoint = {
  host: string,
  port: uint16,
};

const taskOffset = {
  subtopologyId: string,
  partition: int32,
  offset: int64,
};

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
};

const assignment = {
  activeTasks: array(taskIds),
  standbyTasks: array(taskIds),
  warmupTasks: array(taskIds),
};

/** Topology, members and tasks of streams groups (KIP-1071). */
export const StreamsGroupDescribe = api(89, "StreamsGroupDescribe", {
  versions: [0, 0],
  flexible: 0,
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: boolean,
  },
  response: {
    throttleTimeMs: int32.default(0),
    groups: array({
      errorCode: int16,
      errorMessage: nullable(string).default(null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      topology: nullable({
        epoch: int32,
        subtopologies: nullable(
          array({
            subtopologyId: string,
            sourceTopics: array(string),
            repartitionSinkTopics: array(string),
            stateChangelogTopics: array(topicInfo),
            repartitionSourceTopics: array(topicInfo),
          }),
        ).default(null),
      }).default(null),
      members: array({
        memberId: string,
        memberEpoch: int32,
        instanceId: nullable(string).default(null),
        rackId: nullable(string).default(null),
        clientId: string,
        clientHost: string,
        topologyEpoch: int32,
        processId: string,
        userEndpoint: nullable(endpoint).default(null),
        clientTags: array(keyValue),
        taskOffsets: array(taskOffset),
        taskEndOffsets: array(taskOffset),
        assignment: assignment,
        targetAssignment: assignment,
        isClassic: boolean,
      }),
      authorizedOperations: int32.default(-2_147_483_648),
    }),
  },
});

export type StreamsGroupDescribeRequest = RequestOf<typeof StreamsGroupDescribe>;
export type StreamsGroupDescribeResponse = ResponseInput<typeof StreamsGroupDescribe>;
