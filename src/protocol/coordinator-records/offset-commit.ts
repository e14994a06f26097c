import { int32, int64, type MessageOf, string, uuid } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** A committed offset of a group. Version 4 is written, 1 when the commit carries a retention time. */
export const OffsetCommit = coordinatorRecord(1, "OffsetCommit", {
  key: {
    group: string,
    topic: string,
    partition: int32,
  },
  value: {
    versions: [0, 4],
    flexible: 4,
    fields: {
      offset: int64,
      leaderEpoch: int32.since(3).default(-1).ignorable(),
      metadata: string,
      commitTimestamp: int64,
      expireTimestamp: int64.versions(1, 1).default(-1).ignorable(),
      topicId: uuid.tag(0, 4).ignorable(),
    },
  },
});

export type OffsetCommitKey = MessageOf<typeof OffsetCommit.key>;
export type OffsetCommitValue = MessageOf<typeof OffsetCommit.value>;
