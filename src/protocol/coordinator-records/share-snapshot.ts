import { array, int8, int16, int32, int64, type MessageOf, string, uuid } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** The whole state of a share partition (KIP-932). */
export const ShareSnapshot = coordinatorRecord(0, "ShareSnapshot", {
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
      stateEpoch: int32,
      leaderEpoch: int32,
      startOffset: int64,
      deliveryCompleteCount: int32.tag(0, 0).default(-1),
      createTimestamp: int64,
      writeTimestamp: int64,
      stateBatches: array({
        firstOffset: int64,
        lastOffset: int64,
        deliveryState: int8,
        deliveryCount: int16,
      }),
    },
  },
});

export type ShareSnapshotKey = MessageOf<typeof ShareSnapshot.key>;
export type ShareSnapshotValue = MessageOf<typeof ShareSnapshot.value>;
