import { ErrorCode } from "../../protocol/errors.ts";
import { haveCoordinator } from "./coordinator-link.ts";
import type { Member } from "./member.ts";
import type { HeartbeatAnswer } from "./member-request.ts";
import { react } from "./react.ts";
import { reactionTo } from "./reaction.ts";

/** A heartbeat that waits still keeps the session three times over. */
const waitsPerSession = 3;

/** Rule 49: heartbeats go on whatever the application does. */
export function beat(member: Member): void {
  if (!member.isBeating || member.heartbeat !== undefined) return;
  if (!haveCoordinator(member) || member.nowMs < member.pace.dueMs) return;
  const { config, coordinator, generationId, memberId, nowMs } = member;
  const maxWaitMs = Math.min(coordinator.heartbeatMaxWaitMs, Math.floor(config.sessionTimeoutMs / waitsPerSession));
  const body = { groupId: config.groupId, generationId, memberId, groupInstanceId: config.groupInstanceId, maxWaitMs };
  const timeoutMs = Math.min(config.requestTimeoutMs + maxWaitMs, config.sessionTimeoutMs);
  member.heartbeat = { id: member.send("Heartbeat", body, timeoutMs), sentMs: nowMs };
}

export function heartbeatAnswered(member: Member, { errorCode, heartbeatMaxWaitMs }: HeartbeatAnswer): void {
  member.pace.answered(member.heartbeat!.sentMs, member.nowMs);
  member.heartbeat = undefined;
  member.coordinator.heartbeatMaxWaitMs = heartbeatMaxWaitMs ?? member.coordinator.heartbeatMaxWaitMs;
  if (reactionTo(errorCode) !== "findCoordinator") member.coordinator.retry.succeeded();
  if (errorCode !== ErrorCode.NONE) react(member, "Heartbeat", errorCode);
}
