import type { LeaveGroup } from "../../protocol/apis/leave-group.ts";
import type { Handler } from "../context.ts";
import { answerFrom, askGroup } from "../groups.ts";

export const leaveGroup: Handler<typeof LeaveGroup> = (request, context) =>
  answerFrom(askGroup("LeaveGroup", request.groupId, request, context), (outcome) =>
    outcome.ok ? outcome.reply : { errorCode: outcome.errorCode, members: [] },
  );
