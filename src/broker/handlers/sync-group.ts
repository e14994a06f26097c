import type { SyncGroup } from "../../protocol/apis/sync-group.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";
import { answerFrom, askGroup } from "../groups.ts";

export const syncGroup: Handler<typeof SyncGroup> = (request, context) => {
  // Rule 19: from v5 on the protocol must be told, before the group is looked up.
  const isProtocolMissing = request.protocolType === null || request.protocolName === null;
  if (context.version >= 5 && isProtocolMissing) return refusal(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  return answerFrom(askGroup("SyncGroup", request.groupId, request, context), (outcome) =>
    outcome.ok ? outcome.reply : refusal(outcome.errorCode),
  );
};

function refusal(errorCode: ErrorCode) {
  return { errorCode, assignment: new Uint8Array(0) };
}
