import { int32, int64, type MessageOf, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** A committed offset as Kafka wrote it before 0.9; read, never written. */
export const LegacyOffsetCommit = coordinatorRecord(0, "LegacyOffsetCommit", {
  key: {
    group: string,
    topic: string,
    partition: int32,
  },
  value: {
    versions: [0, 0],
    fields: {
      offset: int64,
      metadata: string,
      commitTimestamp: int64,
    },
  },
});

export type LegacyOffsetCommitKey = MessageOf<typeof LegacyOffsetCommit.key>;
export type LegacyOffsetCommitValue = MessageOf<typeof LegacyOffsetCommit.value>;
