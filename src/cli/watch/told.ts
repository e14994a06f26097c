/** On regroup the coordinator itself tells its last rebalances: what two looks infer is corrected by it. */
import type { RebalanceDescription } from "../../client/admin/groups.ts";
import { type MemberName, nameOf } from "./look.ts";
import type { LeftMember, Move, ReasonCode, Rebalance } from "./watch-event.ts";

/** @param mark undefined: nothing was told before */
export function toldSince(
  mark: RebalanceDescription | undefined,
  told: readonly RebalanceDescription[],
): readonly RebalanceDescription[] {
  if (mark === undefined) return told;
  const isMark = (each: RebalanceDescription) =>
    each.toGeneration === mark.toGeneration && each.completedMs === mark.completedMs;
  const at = told.findIndex(isMark);
  return at === -1 ? told.filter(({ completedMs }) => completedMs > mark.completedMs) : told.slice(at + 1);
}

/**
 * One event for each rebalance that the broker told of; what moved in all of them stands with the last.
 * @param seen members that looks have shown: the broker tells only ids
 */
export function asTold(
  event: Rebalance,
  fresh: readonly RebalanceDescription[],
  seen: readonly MemberName[],
): readonly Rebalance[] {
  if (fresh.length === 0) return [event];
  const known = new Map(seen.map((member) => [member.memberId, member]));
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
      reasons: [{ code: codeOf(told), text: told.reason }],
      fromGeneration: told.fromGeneration,
      toGeneration: told.toGeneration,
      members: told.members,
      state: told.members === 0 ? "Empty" : "Stable",
      joined: told.joined.map(named),
      left: told.left.map((memberId): LeftMember => named(memberId)),
      moved: isLast ? event.moved.map((move) => within(move, spanMs)) : [],
      kept: isLast ? event.kept : 0,
      keptPause: event.keptPause.atMostMs === 0 ? event.keptPause : duration,
      duration,
    };
  });
}

/** The sentence is the broker's; the code is for those who count. */
function codeOf({ reason, joined, left }: RebalanceDescription): ReasonCode {
  if (left.length > 0) return /^session of member .* timed out/.test(reason) ? "sessionExpired" : "memberLeft";
  if (joined.length > 0) return "memberJoined";
  return / gave up .* as assigned$/.test(reason) ? "secondRound" : "told";
}

/** What moved in rebalances whose length is known stood still no longer. */
function within(move: Move, spanMs: number): Move {
  if (move.pause === undefined || move.from === undefined) return move;
  const atMostMs = Math.min(move.pause.atMostMs, spanMs);
  return { ...move, pause: { atLeastMs: Math.min(move.pause.atLeastMs, atMostMs), atMostMs } };
}
