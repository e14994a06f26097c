import type { ReplyToken } from "../../coordinator/machine.ts";
import type { HeartbeatRequest } from "../../protocol/apis/heartbeat.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { GroupRequest } from "../requests.ts";
import type { GroupContext, Shard } from "../shard.ts";
import { refuseStranger } from "./refuse-stranger.ts";
import { resetSession } from "./sessions.ts";

/** A member says that it is alive (rule 23, KIP-62): REBALANCE_IN_PROGRESS while the group waits for it to rejoin. */
export function heartbeat(
  shard: Shard,
  { body }: GroupRequest<HeartbeatRequest>,
  token: ReplyToken,
  context: GroupContext,
): void {
  context.reply(token, { errorCode: answer(shard, body, context) });
}

function answer(shard: Shard, body: HeartbeatRequest, context: GroupContext): ErrorCode {
  if (body.groupId === "") return ErrorCode.INVALID_GROUP_ID;
  const group = shard.live.get(body.groupId);
  const refusal = refuseStranger(group, body.memberId, body.groupInstanceId);
  if (group === undefined || refusal !== ErrorCode.NONE) return refusal;
  if (body.generationId !== group.generation) return ErrorCode.ILLEGAL_GENERATION;
  resetSession(group.members.get(body.memberId)!, context);
  return group.state === "PreparingRebalance" ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}
