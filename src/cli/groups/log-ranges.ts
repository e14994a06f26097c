/** First and next offsets of many partitions, in two requests to each leader. */
import type { Admin } from "../../client/admin/admin.ts";
import type { ListedOffset } from "../../client/admin/offsets.ts";
import { partitionKey, type TopicPartition } from "../../client/topic-partition.ts";
import { type Failure, partial } from "../partial.ts";
import type { LogRanges } from "./group-partitions.ts";

export interface FoundRanges {
  /** By `partitionKey`; those that could not be asked are not in it. */
  readonly ranges: LogRanges;
  readonly failures: readonly Failure[];
}

export async function logRanges(admin: Admin, partitions: readonly TopicPartition[]): Promise<FoundRanges> {
  if (partitions.length === 0) return { ranges: new Map(), failures: [] };
  const [first, next] = await Promise.all(
    (["earliest", "latest"] as const).map((at) =>
      partial<ListedOffset>(admin.listOffsets(partitions.map(({ topic, partition }) => ({ topic, partition, at })))),
    ),
  );
  const starts = new Map(
    first!.results.map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset]),
  );
  const ranges = new Map(
    next!.results.flatMap(({ topic, partition, offset: end }) => {
      const key = partitionKey(topic, partition);
      const start = starts.get(key);
      return start === undefined ? [] : [[key, { start, end }] as const];
    }),
  );
  return { ranges, failures: [...first!.failures, ...next!.failures] };
}
