import { array, int32, int64, type MessageOf, nullable, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

const lastAssignmentConfig = {
  key: string,
  value: string,
};

/** The epochs of a streams group (KIP-1071). */
export const StreamsGroupMetadata = coordinatorRecord(17, "StreamsGroupMetadata", {
  key: {
    groupId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      epoch: int32,
      metadataHash: int64,
      validatedTopologyEpoch: int32.tag(0, 0).default(-1),
      lastAssignmentConfigs: nullable(array(lastAssignmentConfig)).tag(1, 0).default([]),
    },
  },
});

export type StreamsGroupMetadataKey = MessageOf<typeof StreamsGroupMetadata.key>;
export type StreamsGroupMetadataValue = MessageOf<typeof StreamsGroupMetadata.value>;
