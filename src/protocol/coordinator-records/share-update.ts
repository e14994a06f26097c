import { array, int8, int16, int32, int64, type MessageOf, string, uuid } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** What changed in a share partition since its snapshot. */
export const ShareUpdate = coordinatorRecord(1, "ShareUpdate", {
  key: {
    groupId: string,
    topicId: uuid,
    partition: int32,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      snapshotEpoch: int32,
      leaderEpoch: int32,
      startOffset: int64,
      deliveryCompleteCount: int32.tag(0, 0).default(-1),
      stateBatches: array({
        firstOffset: int64,
        lastOffset: int64,
        deliveryState: int8,
        deliveryCount: int16,
      }),
    },
  },
});

export type ShareUpdateKey = MessageOf<typeof ShareUpdate.key>;
export type ShareUpdateValue = MessageOf<typeof ShareUpdate.value>;
