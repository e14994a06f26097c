/** Look after look at a group, to what happened to it. No I/O: the looks are all it knows. */
import type { RebalanceDescription } from "../../client/admin/groups.ts";
import { type Difference, difference } from "./difference.ts";
import { isSettled, type Look, nameOf, type PartitionName } from "./look.ts";
import { type Stalls, stallsAfter } from "./progress.ts";
import { reasonsFor, withHint } from "./reasons.ts";
import { asTold, toldSince } from "./told.ts";
import type { Move, Rebalance, Span, WatchEvent } from "./watch-event.ts";

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
  /** The last rebalance that the broker told of. */
  readonly told: RebalanceDescription | undefined;
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
  const isThere = look.state !== "Dead";
  const wasThere = memory.last.state !== "Dead";
  const appeared = (at: string) => {
    if (isThere && !wasThere) events.push({ type: "groupAppeared", ...told, at });
  };
  if (!isSettled(look)) {
    appeared(told.at);
    const unsettled = { firstMs: memory.unsettled?.firstMs ?? look.atMs, lastMs: look.atMs };
    return { memory: { ...memory, last: look, stalls, unsettled }, events };
  }
  // With the stalls up to the look before: whoever took over may have committed since.
  const settling = settle(group, memory, look);
  appeared(settling.events[0]?.at ?? told.at);
  events.push(...settling.events);
  if (!isThere && wasThere) events.push({ type: "groupGone", ...told });
  const after = { last: look, settled: look, unsettled: undefined, stalls, ownerless: settling.ownerless };
  return { memory: { ...after, told: look.told?.at(-1) ?? memory.told }, events };
}

function firstMemory(look: Look): Memory {
  const unsettled = isSettled(look) ? undefined : { firstMs: look.atMs, lastMs: look.atMs };
  const told = look.told?.at(-1);
  return { last: look, settled: look, unsettled, stalls: new Map(), ownerless: new Map(), told };
}

function settle(
  group: string,
  memory: Memory,
  look: Look,
): Pick<Memory, "ownerless"> & { events: readonly WatchEvent[] } {
  const { settled, unsettled, ownerless } = memory;
  const found = difference(settled, look);
  const fresh = toldSince(memory.told, look.told ?? []);
  const cameAndWent = settled.state === "Dead" && look.state === "Dead";
  if (cameAndWent) return { ownerless, events: [] };
  const isQuiet = unsettled === undefined && fresh.length === 0 && settled.epoch === look.epoch && isUnchanged(found);
  if (isQuiet) {
    const at = new Date(look.atMs).toISOString();
    const events = found.returned.map(({ old, now }): WatchEvent => {
      const ids = { groupInstanceId: now.groupInstanceId!, oldMemberId: old.memberId, newMemberId: now.memberId };
      return { type: "staticMemberReturned", at, group, ...ids };
    });
    return { ownerless, events };
  }
  const event = rebalance(group, memory, look, found);
  return {
    ownerless: stillOwnerless(memory, look, found),
    events: asTold(event, fresh, [...settled.members, ...look.members]),
  };
}

function isUnchanged({ joined, left, resubscribed, moved, assignorChanged }: Difference): boolean {
  return joined.length + left.length + resubscribed.length + moved.length === 0 && !assignorChanged;
}

function rebalance(group: string, memory: Memory, look: Look, found: Difference): Rebalance {
  const { last, settled, unsettled, ownerless, stalls } = memory;
  const seenMs = unsettled === undefined ? 0 : unsettled.lastMs - unsettled.firstMs;
  const duration = { atLeastMs: seenMs, atMostMs: look.atMs - settled.atMs };
  return {
    type: "rebalance",
    at: new Date(look.atMs).toISOString(),
    group,
    source: "inferred",
    reasons: reasonsFor(settled, look, found, ownerless),
    fromGeneration: settled.epoch,
    toGeneration: look.epoch,
    state: look.state,
    assignor: look.assignor,
    members: look.members.length,
    joined: found.joined.map(nameOf),
    left: found.left.map((member) => withHint(member, stalls, last.atMs)),
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
  const { last, stalls } = memory;
  const stalledMs = last.atMs - (stalls.get(partition) ?? last.atMs);
  const pause = to === undefined ? undefined : pauseOf(memory, look, duration, move);
  return {
    partition,
    ...(from === undefined ? {} : { from: nameOf(from) }),
    ...(to === undefined ? {} : { to: nameOf(to) }),
    ...(pause === undefined ? {} : { pause }),
    ...(stalledMs <= 0 ? {} : { stalledBeforeMs: stalledMs }),
  };
}

/** @returns undefined for a partition that nobody had before */
function pauseOf(
  { settled, unsettled, ownerless }: Memory,
  look: Look,
  duration: Span,
  { partition, from }: Difference["moved"][number],
): Span | undefined {
  if (from !== undefined) return keepsWhileRebalancing(look) ? { ...duration, atLeastMs: 0 } : duration;
  const lost = ownerless.get(partition);
  if (lost === undefined) return undefined;
  const stillNoneMs = unsettled?.lastMs ?? settled.atMs;
  return { atLeastMs: Math.max(0, stillNoneMs - lost.hadNoneMs), atMostMs: look.atMs - lost.hadOwnerMs };
}

function stillOwnerless({ ownerless, settled, unsettled }: Memory, look: Look, found: Difference): Memory["ownerless"] {
  const now = new Map(ownerless);
  const hadNoneMs = keepsWhileRebalancing(look) ? look.atMs : (unsettled?.firstMs ?? look.atMs);
  for (const { partition, to } of found.moved) {
    if (to === undefined) now.set(partition, { hadOwnerMs: settled.atMs, hadNoneMs });
    else now.delete(partition);
  }
  return now;
}
