import type { ReplyToken } from "../../coordinator/machine.ts";
import type { HeartbeatRequest } from "../../protocol/apis/heartbeat.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { GroupRequest } from "../requests.ts";
import type { GroupContext, Shard } from "../shard.ts";
import type { Member } from "./member.ts";
import { parkHeartbeat } from "./parked-heartbeat.ts";
import { refuseStranger } from "./refuse-stranger.ts";
import { resetSession } from "./sessions.ts";

/** A member that waits is heard of this often within its session, so that one lost heartbeat does not end it. */
const waitsPerSession = 3;

/**
 * A member says that it is alive (rule 23, KIP-62): REBALANCE_IN_PROGRESS while the group waits for it to rejoin. One
 * that may wait does so until the group rebalances.
 */
export function heartbeat(
  shard: Shard,
  { body }: GroupRequest<HeartbeatRequest>,
  token: ReplyToken,
  context: GroupContext,
): void {
  const refusal = refuse(shard, body);
  if (refusal !== ErrorCode.NONE) return context.reply(token, { errorCode: refusal });
  const group = shard.live.get(body.groupId)!;
  const member = group.members.get(body.memberId)!;
  resetSession(member, context);
  if (group.state === "PreparingRebalance") return context.reply(token, { errorCode: ErrorCode.REBALANCE_IN_PROGRESS });
  const waitMs = Math.min(body.maxWaitMs, longestWaitMs(shard, member));
  if (waitMs > 0) parkHeartbeat(member, token, waitMs, context);
  else context.reply(token, { errorCode: ErrorCode.NONE });
}

function refuse(shard: Shard, { groupId, generationId, memberId, groupInstanceId }: HeartbeatRequest): ErrorCode {
  if (groupId === "") return ErrorCode.INVALID_GROUP_ID;
  const group = shard.live.get(groupId);
  const refusal = refuseStranger(group, memberId, groupInstanceId);
  if (group === undefined || refusal !== ErrorCode.NONE) return refusal;
  return generationId === group.generation ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
}

function longestWaitMs({ config }: Shard, { terms }: Member): number {
  return Math.min(config.groupHeartbeatMaxWaitMs, Math.floor(terms.sessionTimeoutMs / waitsPerSession));
}
