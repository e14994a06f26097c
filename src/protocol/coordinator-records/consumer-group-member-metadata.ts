import { array, bytes, int32, type MessageOf, nullable, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** A member of a consumer group as it described itself (KIP-848). */
export const ConsumerGroupMemberMetadata = coordinatorRecord(5, "ConsumerGroupMemberMetadata", {
  key: {
    groupId: string,
    memberId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      instanceId: nullable(string),
      rackId: nullable(string),
      clientId: string,
      clientHost: string,
      subscribedTopicNames: array(string),
      subscribedTopicRegex: nullable(string),
      rebalanceTimeoutMs: int32.default(-1),
      serverAssignor: nullable(string),
      classicMemberMetadata: nullable({
        sessionTimeoutMs: int32,
        supportedProtocols: array({
          name: string,
          metadata: bytes,
        }),
      })
        .tag(0, 0)
        .default({ sessionTimeoutMs: 0, supportedProtocols: [] }),
    },
  },
});

export type ConsumerGroupMemberMetadataKey = MessageOf<typeof ConsumerGroupMemberMetadata.key>;
export type ConsumerGroupMemberMetadataValue = MessageOf<typeof ConsumerGroupMemberMetadata.value>;
