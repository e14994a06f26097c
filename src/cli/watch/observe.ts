/** Look after look at a group, to what happened to it. No I/O: the looks are all it knows. */
import { type Difference, difference } from "./difference.ts";
import {
  isSettled,
  type Look,
  type LookMember,
  type MemberName,
  type PartitionName,
  type ToldRebalance,
} from "./look.ts";
import { type Stalls, stallsAfter } from "./progress.ts";
import { reasonsFor, withHint } from "./reasons.ts";
import type { LeftMember, Move, Rebalance, Span, WatchEvent } from "./watch-event.ts";

/** What is remembered from look to look. */
export interface Memory {
  readonly last: Look;
  /** The last look at which the group had settled. */
  readonly settled: Look;
  /** Looks since then at which it had not. */
  readonly unsettled: { readonly firstMs: number; readonly lastMs: number } | undefined;
  readonly stalls: Stalls;
  /** Partitions that had an owner and have none, and between which looks they lost it. */
  readonly ownerless: ReadonlyMap<PartitionName, { readonly hadOwnerMs: number; readonly hadNoneMs: number }>;
  /** The last generation that the broker told of. */
  readonly toldGeneration: number;
}

/** @param group its id, for the events */
export function observe(
  group: string,
  memory: Memory | undefined,
  look: Look,
): { readonly memory: Memory; readonly events: readonly WatchEvent[] } {
  if (memory === undefined) return { memory: firstMemory(look), events: [] };
  const stalls = stallsAfter(memory.stalls, memory.last, look);
  const events: WatchEvent[] = [];
  const told = { at: new Date(look.atMs).toISOString(), group };
  const { coordinator: from } = memory.last;
  const { coordinator: to } = look;
  if (from !== to && from >= 0 && to >= 0) events.push({ type: "coordinatorMoved", ...told, from, to });
  if (!isSettled(look)) {
    const unsettled = { firstMs: memory.unsettled?.firstMs ?? look.atMs, lastMs: look.atMs };
    return { memory: { ...memory, last: look, stalls, unsettled }, events };
  }
  if (memory.settled.state === "Dead" && look.state !== "Dead") events.push({ type: "groupAppeared", ...told });
  const settling = settle(group, { ...memory, stalls }, look);
  events.push(...settling.events);
  if (memory.settled.state !== "Dead" && look.state === "Dead") events.push({ type: "groupGone", ...told });
  const toldGeneration = look.told?.at(-1)?.toGeneration ?? memory.toldGeneration;
  const { ownerless } = settling;
  return { memory: { last: look, settled: look, unsettled: undefined, stalls, ownerless, toldGeneration }, events };
}

function firstMemory(look: Look): Memory {
  const unsettled = isSettled(look) ? undefined : { firstMs: look.atMs, lastMs: look.atMs };
  const toldGeneration = look.told?.at(-1)?.toGeneration ?? -1;
  return { last: look, settled: look, unsettled, stalls: new Map(), ownerless: new Map(), toldGeneration };
}

function settle(group: string, memory: Memory, look: Look): Pick<Memory, "ownerless"> & { events: WatchEvent[] } {
  const { settled, unsettled, ownerless } = memory;
  const found = difference(settled, look);
  const fresh = look.told?.filter(({ toGeneration }) => toGeneration > memory.toldGeneration) ?? [];
  const isQuiet = unsettled === undefined && fresh.length === 0 && isUnchanged(found);
  if (isQuiet) {
    const at = new Date(look.atMs).toISOString();
    const events = found.returned.map(({ old, now }): WatchEvent => {
      const ids = { groupInstanceId: now.groupInstanceId!, oldMemberId: old.memberId, newMemberId: now.memberId };
      return { type: "staticMemberReturned", at, group, ...ids };
    });
    return { ownerless, events };
  }
  const event = rebalance(group, memory, look, found);
  return { ownerless: stillOwnerless(memory, look, found), events: asTold(event, fresh, look, memory) };
}

function isUnchanged({ joined, left, resubscribed, moved, assignorChanged }: Difference): boolean {
  return joined.length + left.length + resubscribed.length + moved.length === 0 && !assignorChanged;
}

function rebalance(group: string, memory: Memory, look: Look, found: Difference): Rebalance {
  const { settled, unsettled, ownerless, stalls } = memory;
  const seenMs = unsettled === undefined ? 0 : unsettled.lastMs - unsettled.firstMs;
  const duration = { atLeastMs: seenMs, atMostMs: look.atMs - settled.atMs };
  return {
    type: "rebalance",
    at: new Date(look.atMs).toISOString(),
    group,
    source: "inferred",
    reasons: reasonsFor(settled, look, found, ownerless),
    fromGeneration: null,
    toGeneration: null,
    state: look.state,
    assignor: look.assignor,
    members: look.members.length,
    joined: found.joined.map(nameOf),
    left: found.left.map((member) => withHint(member, stalls, look.atMs)),
    moved: found.moved.map((move) => moveOf(memory, look, duration, move)),
    kept: found.kept.length,
    keptPause: keepsWhileRebalancing(look) ? { atLeastMs: 0, atMostMs: 0 } : duration,
    duration,
  };
}

/** Members of eager assignors give up all that they have when they join again (rule 45); of unknown ones, maybe. */
function keepsWhileRebalancing({ type, assignor }: Look): boolean {
  return type === "consumer" || assignor === "cooperative-sticky";
}

function moveOf(memory: Memory, look: Look, duration: Span, move: Difference["moved"][number]): Move {
  const { partition, from, to } = move;
  const { settled, unsettled, ownerless, stalls } = memory;
  const lost = ownerless.get(partition);
  const stalledMs = (memory.last.atMs ?? 0) - (stalls.get(partition) ?? memory.last.atMs);
  const pause =
    to === undefined
      ? undefined
      : from !== undefined
        ? duration
        : lost !== undefined
          ? {
              atLeastMs: Math.max(0, (unsettled?.lastMs ?? settled.atMs) - lost.hadNoneMs),
              atMostMs: look.atMs - lost.hadOwnerMs,
            }
          : undefined;
  return {
    partition,
    ...(from === undefined ? {} : { from: nameOf(from) }),
    ...(to === undefined ? {} : { to: nameOf(to) }),
    ...(pause === undefined ? {} : { pause }),
    ...(stalledMs <= 0 ? {} : { stalledBeforeMs: stalledMs }),
  };
}

function stillOwnerless({ ownerless, settled, unsettled }: Memory, look: Look, found: Difference): Memory["ownerless"] {
  const now = new Map(ownerless);
  const hadNoneMs = unsettled?.firstMs ?? look.atMs;
  for (const { partition, to } of found.moved) {
    if (to === undefined) now.set(partition, { hadOwnerMs: settled.atMs, hadNoneMs });
    else now.delete(partition);
  }
  return now;
}

/** One event for each rebalance that the broker told of; what moved in all of them stands with the last. */
function asTold(event: Rebalance, fresh: readonly ToldRebalance[], look: Look, { settled }: Memory): Rebalance[] {
  if (fresh.length === 0) return [event];
  const known = new Map([...settled.members, ...look.members].map((member) => [member.memberId, member]));
  const named = (memberId: string): MemberName => {
    const member: MemberName | undefined = known.get(memberId);
    return member === undefined ? { memberId, groupInstanceId: null, clientId: "", host: "" } : nameOf(member);
  };
  const spanMs = fresh.at(-1)!.completedMs - fresh[0]!.completedMs + fresh[0]!.durationMs;
  return fresh.map((told, index): Rebalance => {
    const isLast = index === fresh.length - 1;
    const duration = { atLeastMs: told.durationMs, atMostMs: told.durationMs };
    return {
      ...event,
      at: new Date(told.completedMs).toISOString(),
      source: "broker",
      reasons: [{ code: "told", text: told.reason }],
      fromGeneration: told.fromGeneration,
      toGeneration: told.toGeneration,
      joined: told.joined.map(named),
      left: told.left.map((memberId): LeftMember => named(memberId)),
      moved: isLast ? event.moved.map((move) => within(move, spanMs)) : [],
      keptPause: event.keptPause.atMostMs === 0 ? event.keptPause : duration,
      duration,
    };
  });
}

function nameOf({ memberId, groupInstanceId, clientId, host }: MemberName | LookMember): MemberName {
  return { memberId, groupInstanceId, clientId, host };
}

/** What moved in rebalances whose length is known stood still no longer. */
function within(move: Move, spanMs: number): Move {
  if (move.pause === undefined || move.from === undefined) return move;
  const atMostMs = Math.min(move.pause.atMostMs, spanMs);
  return { ...move, pause: { atLeastMs: Math.min(move.pause.atLeastMs, atMostMs), atMostMs } };
}
