/** Errors of partitions, one line for all that have the same. */
import type { TopicPartition } from "../../client/topic-partition.ts";
import type { Failure } from "../partial.ts";
import { partitionList } from "./partition-list.ts";

/** @param failures whose items are partitions of this group. */
export function partitionFailures(group: string, failures: readonly Failure[]): string[] {
  const byCode = Map.groupBy(failures, ({ error }) => error.code);
  return [...byCode].map(([code, those]) => {
    const partitions = partitionList(those.map(({ item }) => item as TopicPartition));
    const { hint } = those[0]!.error as Failure["error"] & { readonly hint?: string };
    return `group ${group}, ${partitions}: ${code}${hint === undefined ? "" : ` (${hint})`}`;
  });
}
