import { ErrorCode, errorName } from "../../protocol/errors.ts";
import { fail } from "./fail.ts";
import type { Member } from "./member.ts";
import type { FoundCoordinator, RequestId } from "./member-request.ts";
import { reactionTo } from "./reaction.ts";
import type { Retry } from "./retry.ts";

/** The way to the group's coordinator, which may move while the membership stays (rule 48). */
export class CoordinatorLink {
  isKnown = false;
  /** 0: it answers heartbeats at once. */
  heartbeatMaxWaitMs = 0;
  asked: RequestId | undefined;
  /** Starts anew only when a coordinator that was found has answered as one. */
  readonly retry: Retry;

  constructor(retry: Retry) {
    this.retry = retry;
  }
}

/** @returns whether the coordinator is known; if not, it is looked for. */
export function haveCoordinator(member: Member): boolean {
  const { coordinator, config } = member;
  if (coordinator.isKnown) return true;
  if (coordinator.asked !== undefined || member.nowMs < coordinator.retry.atMs) return false;
  coordinator.asked = member.send("FindCoordinator", { groupId: config.groupId }, config.requestTimeoutMs);
  return false;
}

export function coordinatorAnswered(member: Member, found: FoundCoordinator): void {
  const { coordinator } = member;
  coordinator.asked = undefined;
  if (found.errorCode === ErrorCode.NONE) {
    coordinator.isKnown = true;
    coordinator.heartbeatMaxWaitMs = found.heartbeatMaxWaitMs;
    member.pace.now(member.nowMs);
  } else if (reactionTo(found.errorCode) === "fail") {
    const message = `FindCoordinator was answered ${errorName(found.errorCode)}`;
    fail(member, { errorCode: found.errorCode, message });
  } else {
    coordinator.retry.failed(member.nowMs);
  }
}

/** It will not answer any more, or not usefully. Who is found next may be the same, and say the same. */
export function coordinatorLost(member: Member): void {
  if (member.coordinator.isKnown) member.coordinator.retry.failed(member.nowMs);
  member.coordinator.isKnown = false;
  member.heartbeat = undefined;
}
