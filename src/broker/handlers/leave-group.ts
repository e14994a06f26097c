import type { LeaveGroup } from "../../protocol/apis/leave-group.ts";
import type { Handler } from "../context.ts";
import { askGroup } from "../groups.ts";

export const leaveGroup: Handler<typeof LeaveGroup> = async (request, context) => {
  const outcome = await askGroup("LeaveGroup", request.groupId, request, context);
  return outcome.ok ? outcome.reply : { errorCode: outcome.errorCode, members: [] };
};
