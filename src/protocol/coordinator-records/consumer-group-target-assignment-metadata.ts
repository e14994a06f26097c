import { int32, int64, type MessageOf, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** The epoch of a consumer group's target assignment. */
export const ConsumerGroupTargetAssignmentMetadata = coordinatorRecord(6, "ConsumerGroupTargetAssignmentMetadata", {
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

export type ConsumerGroupTargetAssignmentMetadataKey = MessageOf<typeof ConsumerGroupTargetAssignmentMetadata.key>;
export type ConsumerGroupTargetAssignmentMetadataValue = MessageOf<typeof ConsumerGroupTargetAssignmentMetadata.value>;
