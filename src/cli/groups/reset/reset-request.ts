/** What is to be reset, and to where. */
import type { TopicPartition } from "../../../client/topic-partition.ts";
import { UsageError } from "../../errors.ts";
import { integer } from "../../key-values.ts";
import { type TopicChoice, topicChoices } from "../topic-choice.ts";
import { durationMs, momentOf } from "./moment.ts";
import type { PlanRow } from "./plan-csv.ts";
import type { ResetTarget } from "./target.ts";

/** As commander gives them. */
export interface ResetFlags {
  readonly topic?: readonly string[];
  readonly allTopics?: boolean;
  readonly toEarliest?: boolean;
  readonly toLatest?: boolean;
  readonly toCurrent?: boolean;
  readonly toOffset?: string;
  readonly shiftBy?: string;
  readonly toDatetime?: string;
  readonly byDuration?: string;
  readonly fromFile?: string;
}

export type ResetScope =
  | { readonly kind: "topics"; readonly topics: readonly TopicChoice[] }
  /** Those that the group has committed. */
  | { readonly kind: "committed"; readonly isWanted: (topic: string) => boolean };

export type ResetRequest =
  | { readonly kind: "rule"; readonly scope: ResetScope; readonly target: ResetTarget }
  | { readonly kind: "rows"; readonly rowsOf: (group: string) => readonly PlanRow[] };

export interface Wanted extends TopicPartition {
  readonly target: ResetTarget;
}

const targetOptions = {
  toEarliest: "--to-earliest",
  toLatest: "--to-latest",
  toCurrent: "--to-current",
  toOffset: "--to-offset",
  shiftBy: "--shift-by",
  toDatetime: "--to-datetime",
  byDuration: "--by-duration",
  fromFile: "--from-file",
} as const satisfies Partial<Record<keyof ResetFlags, string>>;

/** @returns undefined for `--from-file`. @throws {UsageError} unless exactly one is given. */
export function targetOf(flags: ResetFlags, nowMs: number): ResetTarget | undefined {
  const given = (Object.keys(targetOptions) as (keyof typeof targetOptions)[]).filter(
    (key) => flags[key] !== undefined,
  );
  if (given.length !== 1) {
    const names = (given.length === 0 ? Object.values(targetOptions) : given.map((key) => targetOptions[key])).join(
      ", ",
    );
    throw new UsageError(
      given.length === 0 ? `to where? Expected one of ${names}` : `${names}: expected only one of them`,
    );
  }
  const { toOffset, shiftBy, toDatetime, byDuration } = flags;
  if (flags.toEarliest) return { kind: "earliest" };
  if (flags.toLatest) return { kind: "latest" };
  if (flags.toCurrent) return { kind: "current" };
  if (toOffset !== undefined) return { kind: "offset", offset: integer("--to-offset", toOffset, least) };
  if (shiftBy !== undefined) return { kind: "shift", by: integer("--shift-by", shiftBy, least) };
  if (toDatetime !== undefined) return { kind: "time", timestampMs: momentOf("--to-datetime", toDatetime) };
  if (byDuration !== undefined) {
    return { kind: "time", timestampMs: Math.max(0, nowMs - durationMs("--by-duration", byDuration)) };
  }
  return undefined;
}

/** Offsets that no partition has are cut to its range, and the user is told. */
const least = Number.MIN_SAFE_INTEGER;

/** @throws {UsageError} unless exactly one is given. */
export function scopeOf({ topic = [], allTopics = false }: ResetFlags): ResetScope {
  if (topic.length > 0 === allTopics) throw new UsageError("of which topics? Expected --topic or --all-topics");
  return allTopics ? { kind: "committed", isWanted: () => true } : { kind: "topics", topics: topicChoices(topic) };
}

/** @throws {UsageError} where it is not plain which group a row is meant for. */
export function rowsByGroup(
  rows: readonly PlanRow[],
  groupIds: readonly string[],
  file: string,
): (group: string) => readonly PlanRow[] {
  if (rows.some(({ group }) => group === undefined)) {
    if (groupIds.length === 1) return () => rows;
    throw new UsageError(`${file}: has no column for the group, and ${groupIds.length} groups are to be reset`);
  }
  const byGroup = Map.groupBy(rows, ({ group }) => group!);
  const missing = groupIds.filter((group) => !byGroup.has(group));
  if (missing.length > 0) throw new UsageError(`${file}: holds nothing for ${missing.join(", ")}`);
  return (group) => byGroup.get(group)!;
}
