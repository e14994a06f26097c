import { int32, int64, type MessageOf, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** The epoch of a consumer group (KIP-848). */
export const ConsumerGroupMetadata = coordinatorRecord(3, "ConsumerGroupMetadata", {
  key: {
    groupId: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      epoch: int32,
      metadataHash: int64.tag(0, 0),
    },
  },
});

export type ConsumerGroupMetadataKey = MessageOf<typeof ConsumerGroupMetadata.key>;
export type ConsumerGroupMetadataValue = MessageOf<typeof ConsumerGroupMetadata.value>;
