import { ErrorCode } from "../../protocol/errors.ts";
import { appendError } from "../append-error.ts";
import type { GroupContext } from "../shard.ts";
import { answerJoin, answerSync, joined, joinRefused, parkJoin } from "./answers.ts";
import { type ClassicGroup, subscriptionsOf } from "./classic-group.ts";
import { clientReason, type Join, termsOf } from "./join.ts";
import { Member } from "./member.ts";
import { answerHeartbeat } from "./parked-heartbeat.ts";
import { completeJoinIfAllJoined, prepareRebalance } from "./round.ts";
import { resetSession } from "./sessions.ts";

/** A static member comes back: it takes the place of the member that had its instance id (rules 28 to 32, KIP-345). */
export function replaceStaticMember(join: Join, group: ClassicGroup, old: Member, memberId: string): void {
  const { shard, context } = join;
  fence(old, context);
  const oldLeaderId = group.leaderId ?? "";
  const member = new Member(group, { ...identityOf(old), memberId }, old.terms);
  member.assignment = old.assignment;
  resetSession(member, context);
  group.replace(old, member, context);
  group.update(member, termsOf(join));
  switch (group.state) {
    case "Stable":
      if (group.chooseProtocol() === group.protocolName) return swapInPlace(join, group, { old, member, oldLeaderId });
      break;
    case "PreparingRebalance":
      parkJoin(member, join.token, context);
      return completeJoinIfAllJoined(shard, group, context);
    case "CompletingRebalance":
      break;
    default:
      throw new Error(`Group ${group.groupId} in ${group.state} has the static member ${member.groupInstanceId}`);
  }
  parkJoin(member, join.token, context);
  const reason = `static member ${member.groupInstanceId} is back as ${memberId}${clientReason(join)}`;
  prepareRebalance(shard, group, reason, context);
}

function identityOf({ groupInstanceId, clientId, clientHost }: Member) {
  return { groupInstanceId, clientId, clientHost };
}

/** Whoever still waits under the old member id learns at once that another has taken its place (rule 28). */
function fence(old: Member, context: GroupContext): void {
  answerJoin(old, joinRefused(ErrorCode.FENCED_INSTANCE_ID, old.memberId, null), context);
  answerSync(old, ErrorCode.FENCED_INSTANCE_ID, context);
  answerHeartbeat(old, ErrorCode.FENCED_INSTANCE_ID, context);
}

interface Swap {
  readonly old: Member;
  readonly member: Member;
  readonly oldLeaderId: string;
}

/** Rule 31: the new id goes to the log, and nobody else notices. */
function swapInPlace({ request, token, context }: Join, group: ClassicGroup, swap: Swap): void {
  const { old, member, oldLeaderId } = swap;
  const value = group.metadata(({ assignment }) => assignment);
  const admission = context.emit([{ type: "GroupMetadata", group: group.groupId, value }]);
  if (!admission.ok) {
    group.replace(member, old, context);
    resetSession(old, context);
    const refused = joinRefused(appendError(admission.errorCode), "", group.protocolName);
    const { generation: generationId, protocolType } = group;
    return context.reply(token, { ...refused, generationId, protocolType, leader: oldLeaderId });
  }
  group.subscriptions = subscriptionsOf(value);
  context.publish({
    type: "GroupStaticMemberReplaced",
    group: group.groupId,
    groupInstanceId: member.groupInstanceId ?? "",
    oldMemberId: old.memberId,
    newMemberId: member.memberId,
    generation: group.generation,
  });
  // KIP-814: from v9 on a leader is told that it leads and need not plan. An older one would plan if it knew, and its
  // plan would go nowhere, so it is told the old leader's id.
  if (request.version >= 9) {
    context.reply(token, { ...joined(group, member), skipAssignment: group.isLeader(member.memberId) });
  } else {
    context.reply(token, { ...joined(group, member), leader: oldLeaderId, members: [] });
  }
}
