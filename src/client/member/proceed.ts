import { beat } from "./heartbeat.ts";
import { join, startRebalance } from "./join.ts";
import { leave, leaveAtOnce, leaveUntilPolled } from "./leave.ts";
import type { Member } from "./member.ts";
import type { MemberState } from "./member-state.ts";
import { askMetadata, mustReplan, sync, takeAssigned } from "./sync.ts";

/** Whatever happened: what each state waits for, and what it does when that has come. */
const next: Readonly<Record<MemberState, (member: Member) => void>> = {
  Unjoined: (member) => {
    if (!member.isSubscribed || !member.isPolled) return;
    startRebalance(member, member.rejoinReason ?? "the consumer subscribes");
  },
  Preparing: (member) => {
    if (!member.callbacks.giveUp) member.turn("Joining");
  },
  Joining: join,
  Planning: askMetadata,
  Syncing: sync,
  Revoking: (member) => {
    if (!member.callbacks.giveUp) takeAssigned(member);
  },
  Stable: (member) => {
    member.rejoinReason ??= mustReplan(member);
    if (member.rejoinReason !== undefined) startRebalance(member, member.rejoinReason);
  },
  Leaving: leave,
  Failed: () => {},
  Closed: () => {},
};

/** Goes on until the member waits for something. */
export function proceed(member: Member): void {
  if (member.isInside && member.nowMs >= member.pollDueMs) leaveUntilPolled(member);
  if (member.leaving !== undefined && member.nowMs >= member.leaving.deadlineMs) leaveAtOnce(member);
  for (let before: MemberState | undefined; before !== member.state; ) {
    before = member.state;
    next[before](member);
  }
  beat(member);
}

/** Until when it waits, if nothing happens before; what was due before now has been done. */
export function wakeAtMs(member: Member): number {
  const { coordinator, leaving, pollDueMs, isInside, retry, pace, nowMs } = member;
  const deadlines = [
    isInside ? pollDueMs : Number.POSITIVE_INFINITY,
    leaving?.deadlineMs ?? Number.POSITIVE_INFINITY,
    member.state === "Stable" ? (member.leads?.replanAtMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
    member.asked === undefined ? retry.atMs : Number.POSITIVE_INFINITY,
    coordinator.isKnown ? Number.POSITIVE_INFINITY : coordinator.retry.atMs,
    member.isBeating && member.heartbeat === undefined ? pace.dueMs : Number.POSITIVE_INFINITY,
  ];
  return Math.min(...deadlines.filter((atMs) => atMs > nowMs));
}
