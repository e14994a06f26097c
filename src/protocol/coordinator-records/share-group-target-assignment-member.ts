import { array, int32, type MessageOf, string, uuid } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** What a member of a share group is to have. */
export const ShareGroupTargetAssignmentMember = coordinatorRecord(13, "ShareGroupTargetAssignmentMember", {
  key: {
    groupId: string,
    memberId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      topicPartitions: array({
        topicId: uuid,
        partitions: array(int32),
      }),
    },
  },
});

export type ShareGroupTargetAssignmentMemberKey = MessageOf<typeof ShareGroupTargetAssignmentMember.key>;
export type ShareGroupTargetAssignmentMemberValue = MessageOf<typeof ShareGroupTargetAssignmentMember.value>;
