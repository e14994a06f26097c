import type { ReplyToken } from "../../coordinator/machine.ts";
import type { SyncGroupRequest } from "../../protocol/apis/sync-group.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { appendError } from "../append-error.ts";
import type { GroupRequest } from "../requests.ts";
import type { GroupContext, Shard } from "../shard.ts";
import { answerSync, parkSync, synced } from "./answers.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { noAssignment } from "./member.ts";
import { refuseStranger } from "./refuse-stranger.ts";
import { giveUpAssignments, prepareRebalance, publishCompleted } from "./round.ts";
import { resetSession } from "./sessions.ts";

/** A member asks for its assignment; the leader brings those of all (rules 19 to 21). */
export function syncGroup(
  shard: Shard,
  request: GroupRequest<SyncGroupRequest>,
  token: ReplyToken,
  context: GroupContext,
): void {
  const { body } = request;
  const group = shard.live.get(body.groupId);
  const refusal = refuse(group, request);
  if (group === undefined || refusal !== ErrorCode.NONE) {
    return context.reply(token, { errorCode: refusal, assignment: noAssignment });
  }
  const member = group.members.get(body.memberId)!;
  group.pendingSyncs.delete(member);
  if (group.pendingSyncs.size === 0) context.cancel(group.syncTimer);
  if (group.state === "Stable") return context.reply(token, synced(member));
  parkSync(member, token, context);
  if (group.isLeader(member.memberId)) completeRound(shard, group, body.assignments, context);
}

function refuse(group: ClassicGroup | undefined, { version, body }: GroupRequest<SyncGroupRequest>): ErrorCode {
  const { protocolType, protocolName } = body;
  if (version >= 5 && (protocolType === null || protocolName === null)) return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
  if (body.groupId === "") return ErrorCode.INVALID_GROUP_ID;
  const refusal = refuseStranger(group, body.memberId, body.groupInstanceId);
  if (group === undefined || refusal !== ErrorCode.NONE) return refusal;
  if (body.generationId !== group.generation) return ErrorCode.ILLEGAL_GENERATION;
  if (isOther(protocolType, group.protocolType) || isOther(protocolName, group.protocolName)) {
    return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
  }
  return group.state === "PreparingRebalance" ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}

/** A request that names none, or a group that has none yet, is no contradiction. */
function isOther(asked: string | null, has: string | null): boolean {
  return asked !== null && has !== null && asked !== has;
}

/** The leader's plan makes the round durable, in one record. Members that it forgot get nothing (rule 21). */
function completeRound(
  shard: Shard,
  group: ClassicGroup,
  assignments: SyncGroupRequest["assignments"],
  context: GroupContext,
): void {
  const plan = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment.slice()]));
  const before = shard.durable.groups.get(group.groupId);
  const value = group.metadata(({ memberId }) => plan.get(memberId) ?? noAssignment);
  const admission = context.emit([{ type: "GroupMetadata", group: group.groupId, value }]);
  if (!admission.ok) {
    // Rule 59: such a group is too large for the log. It stays in this circle until members leave.
    giveUpAssignments(group, appendError(admission.errorCode), context);
    return prepareRebalance(shard, group, `the log refused the assignments of ${group.leaderId}`, context);
  }
  group.turnTo("Stable", context.now.wallMs);
  publishCompleted(group, before, value, context);
  for (const { memberId, assignment } of value.members) {
    const member = group.members.get(memberId)!;
    member.assignment = assignment;
    if (answerSync(member, ErrorCode.NONE, context)) resetSession(member, context);
  }
}
