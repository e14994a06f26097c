import type { Heartbeat } from "../../protocol/apis/heartbeat.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";
import { answerFrom, askGroup } from "../groups.ts";

export const heartbeat: Handler<typeof Heartbeat> = (request, context) =>
  answerFrom(askGroup("Heartbeat", request.groupId, request, context), (outcome) => {
    if (outcome.ok) return outcome.reply;
    // Rule 2: a shard that loads cannot tell who is alive, so nobody is sent away.
    const isLoading = outcome.errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    return { errorCode: isLoading ? ErrorCode.NONE : outcome.errorCode };
  });
