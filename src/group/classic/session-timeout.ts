import { ErrorCode } from "../../protocol/errors.ts";
import type { GroupContext, Shard } from "../shard.ts";
import { answerJoin, joinRefused } from "./answers.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { Member, PendingMember } from "./member.ts";
import { completeJoin, rebalance } from "./round.ts";

/** Nothing was heard of a member for its session timeout (rule 24); one with a parked request is alive (rule 23). */
export function sessionTimeout(shard: Shard, member: Member, context: GroupContext): void {
  const waits = member.parkedJoin !== null || member.parkedSync !== null;
  if (waits && !member.isNew) return;
  removeMember(shard, member, `session of member ${member.memberId} timed out`, context);
}

function removeMember(shard: Shard, member: Member, reason: string, context: GroupContext): void {
  const { group } = member;
  answerJoin(member, joinRefused(ErrorCode.UNKNOWN_MEMBER_ID, ""), context);
  group.remove(member, context);
  if (group.state === "PreparingRebalance") completeIfAllJoined(shard, group, context);
  else rebalance(shard, group, reason, context);
}

/** The id was handed out and nobody joined with it (rule 8). */
export function pendingTimeout(shard: Shard, { group, memberId }: PendingMember, context: GroupContext): void {
  group.pending.delete(memberId);
  if (group.state === "PreparingRebalance") completeIfAllJoined(shard, group, context);
}

/** Unlike a join or a leave, a timeout ends the initial delay too: those it waited for are all there. */
function completeIfAllJoined(shard: Shard, group: ClassicGroup, context: GroupContext): void {
  if (group.allJoined) completeJoin(shard, group, context);
}
