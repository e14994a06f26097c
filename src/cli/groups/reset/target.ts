/** Where a committed offset is to be moved, and what that means for one partition. */
import type { TopicPartition } from "../../../client/topic-partition.ts";
import type { LogRange } from "../partition-lag.ts";

export type ResetTarget =
  | { readonly kind: "earliest" | "latest" | "current" }
  | { readonly kind: "offset"; readonly offset: number }
  | { readonly kind: "shift"; readonly by: number }
  /** The first record with this timestamp or a later one. */
  | { readonly kind: "time"; readonly timestampMs: number };

export interface PartitionFacts extends TopicPartition {
  readonly committed: number | null;
  readonly log: LogRange;
  /** Of the first record that is as late as a time target says; null: there is none. */
  readonly atTime: number | null;
}

export interface PlannedOffset extends TopicPartition {
  readonly group: string;
  readonly priorOffset: number | null;
  readonly newOffset: number;
  /** Records that exist and will not be read, or be read again; null: nothing was committed. */
  readonly skipped: number | null;
  readonly replayed: number | null;
}

/** What somebody should hear of a partition, though it is planned. */
export type ResetNote = keyof typeof noteTexts;

export const noteTexts = {
  beyondEnd: "beyond the log end, which is taken instead",
  beforeStart: "before the log start, which is taken instead",
  uncommitted: "nothing is committed, the log end is taken",
  tooLate: "no record is as late as that, the log end is taken",
} as const;

export type Planned =
  | { readonly offset: PlannedOffset; readonly note: ResetNote | undefined }
  | { readonly problem: string };

export function planPartition(group: string, target: ResetTarget, facts: PartitionFacts): Planned {
  const { topic, partition, committed, log } = facts;
  const aim = aimAt(target, facts);
  if (aim === undefined) return { problem: "nothing is committed, so there is nothing to shift" };
  const newOffset = aim.isKept ? aim.offset : Math.min(log.end, Math.max(log.start, aim.offset));
  const cut = newOffset < aim.offset ? "beyondEnd" : newOffset > aim.offset ? "beforeStart" : undefined;
  const offset = { group, topic, partition, priorOffset: committed, newOffset, ...movement(committed, newOffset, log) };
  return { offset, note: aim.note ?? cut };
}

interface Aim {
  readonly offset: number;
  /** Also outside of the log's range. */
  readonly isKept?: true;
  readonly note?: ResetNote;
}

function aimAt(target: ResetTarget, { committed, log, atTime }: PartitionFacts): Aim | undefined {
  switch (target.kind) {
    case "earliest":
      return { offset: log.start };
    case "latest":
      return { offset: log.end };
    case "current":
      return committed === null ? { offset: log.end, note: "uncommitted" } : { offset: committed, isKept: true };
    case "offset":
      return { offset: target.offset };
    case "shift":
      return committed === null ? undefined : { offset: committed + target.by };
    case "time":
      return atTime === null ? { offset: log.end, note: "tooLate" } : { offset: atTime };
  }
}

/** Only records that exist count. */
function movement(prior: number | null, next: number, log: LogRange): Pick<PlannedOffset, "skipped" | "replayed"> {
  if (prior === null) return { skipped: null, replayed: null };
  const within = (offset: number) => Math.min(log.end, Math.max(log.start, offset));
  const moved = within(next) - within(prior);
  return { skipped: Math.max(0, moved), replayed: Math.max(0, -moved) };
}
