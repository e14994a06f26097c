import type { JoinGroup } from "../../protocol/apis/join-group.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";
import { answerFrom, askGroup } from "../groups.ts";

export const joinGroup: Handler<typeof JoinGroup> = (request, context) => {
  const { memberId } = request; // the rest is let go while the answer waits
  return answerFrom(askGroup("JoinGroup", request.groupId, request, context), (outcome) => {
    // Only who joined is told a protocol; before v7 there is no null to say so.
    const noProtocol = context.version < 7 ? "" : null;
    if (outcome.ok && outcome.reply.errorCode === ErrorCode.NONE) return outcome.reply;
    if (outcome.ok) return { ...outcome.reply, protocolName: noProtocol };
    return { errorCode: outcome.errorCode, protocolName: noProtocol, leader: "", memberId, members: [] };
  });
};
