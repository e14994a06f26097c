import { array, int32, type MessageOf, nullable, string, uint16 } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

const endpoint = {
  host: string,
  port: uint16,
};

const keyValue = {
  key: string,
  value: string,
};

/** A member of a streams group as it described itself. */
export const StreamsGroupMemberMetadata = coordinatorRecord(19, "StreamsGroupMemberMetadata", {
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
      rebalanceTimeoutMs: int32.default(-1),
      topologyEpoch: int32,
      processId: string,
      userEndpoint: nullable(endpoint).default(null),
      clientTags: array(keyValue),
    },
  },
});

export type StreamsGroupMemberMetadataKey = MessageOf<typeof StreamsGroupMemberMetadata.key>;
export type StreamsGroupMemberMetadataValue = MessageOf<typeof StreamsGroupMemberMetadata.value>;
