/** Commits what was planned. */
import type { Admin } from "../../../client/admin/admin.ts";
import { partitionKey, type TopicPartition } from "../../../client/topic-partition.ts";
import { partial } from "../../partial.ts";
import { partitionFailures } from "../partition-failures.ts";
import type { PlannedOffset } from "./target.ts";

export interface ExecutedReset {
  readonly offsets: readonly PlannedOffset[];
  /** What could not be committed, and why. */
  readonly problems: readonly string[];
}

/** Groups are independent: one that got a member meanwhile does not hold back the others. */
export async function executeReset(admin: Admin, planned: readonly PlannedOffset[]): Promise<ExecutedReset> {
  const groups = [...Map.groupBy(planned, ({ group }) => group)];
  const done = await Promise.all(
    groups.map(async ([group, offsets]) => {
      const to = offsets.map(({ topic, partition, newOffset: offset }) => ({ topic, partition, offset }));
      const { failures } = await partial(admin.alterGroupOffsets(group, to).then(() => []));
      const failed = new Set(failures.map(({ item }) => keyOf(item as TopicPartition)));
      return {
        offsets: offsets.filter((each) => !failed.has(keyOf(each))),
        problems: partitionFailures(group, failures),
      };
    }),
  );
  return { offsets: done.flatMap(({ offsets }) => offsets), problems: done.flatMap(({ problems }) => problems) };
}

function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition);
}
