/** What a program names to be committed. */
import { partitionKey } from "../topic-partition.ts";
import type { OffsetToCommit } from "./committer.ts";
import type { ConsumerRecord } from "./consumer-record.ts";

/** Any record, whatever its key and value are. */
type AnyRecord = Pick<ConsumerRecord, "topic" | "partition" | "offset" | "leaderEpoch" | "timestamp">;
/** Records that are processed, or offsets of the next ones to process. */
export type CommitInput = AnyRecord | OffsetToCommit | Iterable<AnyRecord | OffsetToCommit>;

/** One offset for each partition: behind the last of the records that are named. */
export function offsetsIn(what: CommitInput): OffsetToCommit[] {
  const each = Symbol.iterator in what ? what : [what];
  const highest = new Map<string, OffsetToCommit>();
  for (const one of each) {
    const offset = "timestamp" in one ? behind(one) : one;
    const key = partitionKey(offset.topic, offset.partition);
    if (!(offset.offset <= (highest.get(key)?.offset ?? -1))) highest.set(key, offset);
  }
  return [...highest.values()];
}

function behind({ topic, partition, offset, leaderEpoch }: AnyRecord): OffsetToCommit {
  return { topic, partition, offset: offset + 1, leaderEpoch };
}
