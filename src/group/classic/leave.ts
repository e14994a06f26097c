import type { ReplyToken } from "../../coordinator/machine.ts";
import type { LeaveGroupRequest } from "../../protocol/apis/leave-group.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { GroupRequest } from "../requests.ts";
import { forgetIfIdle, type GroupContext, type Shard } from "../shard.ts";
import { answerJoin, joinRefused } from "./answers.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { Member } from "./member.ts";
import { refuseStranger } from "./refuse-stranger.ts";
import { rebalance } from "./round.ts";

type Identity = LeaveGroupRequest["members"][number];

/** Members go; each has a result of its own (rule 25). */
export function leaveGroup(
  shard: Shard,
  { version, body }: GroupRequest<LeaveGroupRequest>,
  token: ReplyToken,
  context: GroupContext,
): void {
  if (body.groupId === "") return context.reply(token, { errorCode: ErrorCode.INVALID_GROUP_ID, members: [] });
  const group = shard.live.get(body.groupId);
  const identities: readonly Identity[] =
    version >= 3 ? body.members : [{ memberId: body.memberId, groupInstanceId: null, reason: null }];
  const gone: string[] = [];
  const members = identities.map(({ memberId, groupInstanceId, reason }) => {
    const errorCode =
      group === undefined
        ? ErrorCode.UNKNOWN_MEMBER_ID
        : removeOne(group, { memberId, groupInstanceId, reason }, gone, context);
    return { memberId, groupInstanceId, errorCode };
  });
  if (group !== undefined && gone.length > 0 && group.state !== "Empty") {
    rebalance(shard, group, `left: ${gone.join(", ")}`, context);
  }
  forgetIfIdle(shard, body.groupId);
  const errorCode = version >= 3 ? ErrorCode.NONE : (members[0]?.errorCode ?? ErrorCode.NONE);
  context.reply(token, { errorCode, members: version >= 3 ? members : [] });
}

/** @param gone who left, with the reason that its client gives (rule 18). */
function removeOne(group: ClassicGroup, identity: Identity, gone: string[], context: GroupContext): ErrorCode {
  const { memberId, groupInstanceId, reason } = identity;
  const pending = group.pending.get(memberId);
  if (pending !== undefined) {
    group.pending.delete(memberId);
    context.cancel(pending.timer);
  } else {
    const refusal = memberId === "" ? ErrorCode.NONE : refuseStranger(group, memberId, groupInstanceId);
    if (refusal !== ErrorCode.NONE) return refusal;
    const member = memberId === "" ? staticMember(group, groupInstanceId) : group.members.get(memberId);
    if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    answerJoin(member, joinRefused(ErrorCode.UNKNOWN_MEMBER_ID, ""), context);
    group.remove(member, context);
  }
  gone.push(`${memberId || groupInstanceId} (client reason: ${reason ?? "not provided"})`);
  return ErrorCode.NONE;
}

/** Admins remove static members by their instance id alone. */
function staticMember(group: ClassicGroup, groupInstanceId: string | null): Member | undefined {
  return groupInstanceId === null ? undefined : group.staticMembers.get(groupInstanceId);
}
