import { array, int8, int32, type MessageOf, string, uuid } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
};

/** What a member of a share group has now. */
export const ShareGroupCurrentMemberAssignment = coordinatorRecord(14, "ShareGroupCurrentMemberAssignment", {
  key: {
    groupId: string,
    memberId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      memberEpoch: int32,
      previousMemberEpoch: int32,
      state: int8,
      assignedPartitions: array(topicPartitions),
    },
  },
});

export type ShareGroupCurrentMemberAssignmentKey = MessageOf<typeof ShareGroupCurrentMemberAssignment.key>;
export type ShareGroupCurrentMemberAssignmentValue = MessageOf<typeof ShareGroupCurrentMemberAssignment.value>;
