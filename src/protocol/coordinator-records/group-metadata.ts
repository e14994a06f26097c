import { array, bytes, int32, int64, type MessageOf, nullable, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

const memberMetadata = {
  memberId: string,
  groupInstanceId: nullable(string).since(3).ignorable(),
  clientId: string,
  clientHost: string,
  rebalanceTimeout: int32.since(1).default(-1).ignorable(),
  sessionTimeout: int32,
  subscription: bytes,
  assignment: bytes,
};

/** A classic group as of its last completed round. Version 3 is written, 4 is read as well. */
export const GroupMetadata = coordinatorRecord(2, "GroupMetadata", {
  key: {
    group: string,
  },
  value: {
    versions: [0, 4],
    flexible: 4,
    fields: {
      protocolType: string,
      generation: int32,
      protocol: nullable(string),
      leader: nullable(string),
      currentStateTimestamp: int64.since(2).default(-1).ignorable(),
      members: array(memberMetadata),
    },
  },
});

export type GroupMetadataKey = MessageOf<typeof GroupMetadata.key>;
export type GroupMetadataValue = MessageOf<typeof GroupMetadata.value>;
