import { int32, int64, type MessageOf, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** The epoch of a streams group's target assignment. */
export const StreamsGroupTargetAssignmentMetadata = coordinatorRecord(20, "StreamsGroupTargetAssignmentMetadata", {
  key: {
    groupId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      assignmentEpoch: int32,
      assignmentTimestamp: int64.tag(0, 0),
    },
  },
});

export type StreamsGroupTargetAssignmentMetadataKey = MessageOf<typeof StreamsGroupTargetAssignmentMetadata.key>;
export type StreamsGroupTargetAssignmentMetadataValue = MessageOf<typeof StreamsGroupTargetAssignmentMetadata.value>;
