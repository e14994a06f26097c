/** What a recording tells in all: how often, why, and which partitions stood still longest. */
import type { PartitionName } from "./look.ts";
import type { Move, ReasonCode, Rebalance, WatchEvent } from "./watch-event.ts";
import { counted, inTime } from "./words.ts";

export interface Summary {
  readonly rebalances: number;
  readonly byReason: ReadonlyMap<ReasonCode, number>;
  readonly moved: number;
  /** Of each partition the longest pause; the longest first. */
  readonly longest: readonly { readonly partition: PartitionName; readonly at: string; readonly atMostMs: number }[];
  /** Nothing was seen for so long. */
  readonly blindMs: number;
}

const longestShown = 5;

export function summaryOf(events: readonly WatchEvent[]): Summary {
  const rebalances = events.filter((event) => event.type === "rebalance");
  const byReason = new Map<ReasonCode, number>();
  for (const { code } of rebalances.flatMap(({ reasons }) => reasons))
    byReason.set(code, (byReason.get(code) ?? 0) + 1);
  const blind = events.map((event) => (event.type === "looksGoOn" ? event.blindMs : 0));
  return {
    rebalances: rebalances.length,
    byReason,
    moved: rebalances.reduce((sum, { moved }) => sum + moved.length, 0),
    longest: longestOf(rebalances.flatMap(pausesOf)),
    blindMs: blind.reduce((sum, ms) => sum + ms, 0),
  };
}

/** Of each partition once. */
function longestOf(pauses: Summary["longest"]): Summary["longest"] {
  const sorted = pauses.toSorted((a, b) => b.atMostMs - a.atMostMs);
  const isFirst = ({ partition }: Summary["longest"][number], index: number) =>
    sorted.findIndex((each) => each.partition === partition) === index;
  return sorted.filter(isFirst).slice(0, longestShown);
}

function pausesOf({ at, moved }: Rebalance): Summary["longest"][number][] {
  return moved.flatMap((move) => {
    const atMostMs = stillMs(move);
    return atMostMs === 0 ? [] : [{ partition: move.partition, at, atMostMs }];
  });
}

/** Without an owner, and before that without progress though records waited. */
function stillMs({ pause, stalledBeforeMs = 0 }: Move): number {
  return (pause?.atMostMs ?? 0) + stalledBeforeMs;
}

const words: Readonly<Record<ReasonCode, string>> = {
  memberJoined: "a member joined",
  memberGone: "a member left, or its session expired",
  memberLeft: "a member left",
  sessionExpired: "a session expired",
  memberRestarted: "a member restarted",
  staticMemberReturned: "a static member came back",
  subscriptionChanged: "a subscription changed",
  partitionsAdded: "a topic has more partitions",
  topicAppeared: "a topic appeared",
  topicGone: "a topic is gone",
  assignorChanged: "the assignor changed",
  secondRound: "the second round of a cooperative rebalance",
  unknown: "no cause was seen",
  told: "what only the broker knows",
};

export function summaryLines(summary: Summary): string[] {
  const { rebalances, byReason, moved, longest, blindMs } = summary;
  if (rebalances === 0) return ["no rebalance", ...blindLine(blindMs)];
  const causes = [...byReason].sort((a, b) => b[1] - a[1]).map(([code, count]) => `${count} × ${words[code] ?? code}`);
  const stood = longest.map(({ partition, atMostMs }) => `${partition} ${inTime(atMostMs)}`);
  return [
    `${counted(rebalances, "rebalance")}, ${counted(moved, "move")} of partitions`,
    `causes: ${causes.join(", ")}`,
    ...(stood.length === 0 ? [] : [`stood still longest (at most): ${stood.join(", ")}`]),
    ...blindLine(blindMs),
  ];
}

function blindLine(blindMs: number): string[] {
  return blindMs === 0 ? [] : [`blind for ${inTime(blindMs)}: the cluster did not answer`];
}
