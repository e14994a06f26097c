import { array, int8, int32, type MessageOf, nullable, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
  assignmentEpochs: nullable(array(int32)).tag(0, 0).default([]),
};

/** The tasks that a member of a streams group has now, and what it is still to give back. */
export const StreamsGroupCurrentMemberAssignment = coordinatorRecord(22, "StreamsGroupCurrentMemberAssignment", {
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
      activeTasks: array(taskIds),
      standbyTasks: array(taskIds),
      warmupTasks: array(taskIds),
      activeTasksPendingRevocation: array(taskIds),
      standbyTasksPendingRevocation: array(taskIds),
      warmupTasksPendingRevocation: array(taskIds),
    },
  },
});

export type StreamsGroupCurrentMemberAssignmentKey = MessageOf<typeof StreamsGroupCurrentMemberAssignment.key>;
export type StreamsGroupCurrentMemberAssignmentValue = MessageOf<typeof StreamsGroupCurrentMemberAssignment.value>;
