import { array, int16, int32, type MessageOf, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

const topicConfig = {
  key: string,
  value: string,
};

const topicInfo = {
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array(topicConfig),
};

/** The topology of a streams group. */
export const StreamsGroupTopology = coordinatorRecord(23, "StreamsGroupTopology", {
  key: {
    groupId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
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
    },
  },
});

export type StreamsGroupTopologyKey = MessageOf<typeof StreamsGroupTopology.key>;
export type StreamsGroupTopologyValue = MessageOf<typeof StreamsGroupTopology.value>;
