import { array, int32, type MessageOf, string, uuid } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

const topicPartitionsInfo = {
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
};

const topicInfo = {
  topicId: uuid,
  topicName: string,
};

/** Which partitions of a share group have share state, or are getting or losing it. */
export const ShareGroupStatePartitionMetadata = coordinatorRecord(15, "ShareGroupStatePartitionMetadata", {
  key: {
    groupId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      initializingTopics: array(topicPartitionsInfo),
      initializedTopics: array(topicPartitionsInfo),
      deletingTopics: array(topicInfo),
    },
  },
});

export type ShareGroupStatePartitionMetadataKey = MessageOf<typeof ShareGroupStatePartitionMetadata.key>;
export type ShareGroupStatePartitionMetadataValue = MessageOf<typeof ShareGroupStatePartitionMetadata.value>;
