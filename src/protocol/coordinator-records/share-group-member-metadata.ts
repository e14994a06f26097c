import { array, type MessageOf, nullable, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** A member of a share group as it described itself (KIP-932). */
export const ShareGroupMemberMetadata = coordinatorRecord(10, "ShareGroupMemberMetadata", {
  key: {
    groupId: string,
    memberId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      rackId: nullable(string),
      clientId: string,
      clientHost: string,
      subscribedTopicNames: array(string),
    },
  },
});

export type ShareGroupMemberMetadataKey = MessageOf<typeof ShareGroupMemberMetadata.key>;
export type ShareGroupMemberMetadataValue = MessageOf<typeof ShareGroupMemberMetadata.value>;
