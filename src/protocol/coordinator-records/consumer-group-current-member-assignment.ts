import { array, int8, int32, type MessageOf, nullable, string, uuid } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
  assignmentEpochs: nullable(array(int32)).tag(0, 0).default([]),
};

/** What a member of a consumer group has now, and what it is still to give back. */
export const ConsumerGroupCurrentMemberAssignment = coordinatorRecord(8, "ConsumerGroupCurrentMemberAssignment", {
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
      partitionsPendingRevocation: array(topicPartitions),
    },
  },
});

export type ConsumerGroupCurrentMemberAssignmentKey = MessageOf<typeof ConsumerGroupCurrentMemberAssignment.key>;
export type ConsumerGroupCurrentMemberAssignmentValue = MessageOf<typeof ConsumerGroupCurrentMemberAssignment.value>;
