import { int32, int64, type MessageOf, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** The epoch of a share group. */
export const ShareGroupMetadata = coordinatorRecord(11, "ShareGroupMetadata", {
  key: {
    groupId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      epoch: int32,
      metadataHash: int64,
    },
  },
});

export type ShareGroupMetadataKey = MessageOf<typeof ShareGroupMetadata.key>;
export type ShareGroupMetadataValue = MessageOf<typeof ShareGroupMetadata.value>;
