import { array, int32, type MessageOf, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
};

/** The tasks that a member of a streams group is to have. */
export const StreamsGroupTargetAssignmentMember = coordinatorRecord(21, "StreamsGroupTargetAssignmentMember", {
  key: {
    groupId: string,
    memberId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      activeTasks: array(taskIds),
      standbyTasks: array(taskIds),
      warmupTasks: array(taskIds),
    },
  },
});

export type StreamsGroupTargetAssignmentMemberKey = MessageOf<typeof StreamsGroupTargetAssignmentMember.key>;
export type StreamsGroupTargetAssignmentMemberValue = MessageOf<typeof StreamsGroupTargetAssignmentMember.value>;
