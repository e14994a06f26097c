import { array, int32, type MessageOf, string, uuid } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** Topics of a consumer group, with partitions and racks; only tombstones are written since 4.1. */
export const ConsumerGroupPartitionMetadata = coordinatorRecord(4, "ConsumerGroupPartitionMetadata", {
  key: {
    groupId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      topics: array({
        topicId: uuid,
        topicName: string,
        numPartitions: int32,
        partitionMetadata: array({
          partition: int32,
          racks: array(string),
        }),
      }),
    },
  },
});

export type ConsumerGroupPartitionMetadataKey = MessageOf<typeof ConsumerGroupPartitionMetadata.key>;
export type ConsumerGroupPartitionMetadataValue = MessageOf<typeof ConsumerGroupPartitionMetadata.value>;
