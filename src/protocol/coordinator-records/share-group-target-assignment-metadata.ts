import { int32, int64, type MessageOf, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** The epoch of a share group's target assignment. */
export const ShareGroupTargetAssignmentMetadata = coordinatorRecord(12, "ShareGroupTargetAssignmentMetadata", {
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

export type ShareGroupTargetAssignmentMetadataKey = MessageOf<typeof ShareGroupTargetAssignmentMetadata.key>;
export type ShareGroupTargetAssignmentMetadataValue = MessageOf<typeof ShareGroupTargetAssignmentMetadata.value>;
