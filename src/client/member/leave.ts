/** The ways out of a group: close, no subscription, and an application that does not poll. */
import { endMembership } from "./end-membership.ts";
import { revoke } from "./give-up.ts";
import type { Leaving, Member } from "./member.ts";
import { without } from "./partitions.ts";

/** Rule 50: what the member has is revoked, then it says good-bye, all until the deadline. */
export function startLeaving(member: Member, leaving: Leaving): void {
  member.leaving = leaving;
  if (member.state === "Leaving") return;
  member.asked = undefined;
  member.rejoinReason = undefined;
  revoke(member, without(member.owned, member.callbacks.inRevocation));
  member.turn("Leaving");
}

/** Nobody looks for a coordinator only to say good-bye: the session ends by itself. */
export function leave(member: Member): void {
  if (!member.callbacks.isEmpty || member.asked !== undefined) return;
  const { reason, deadlineMs, leave } = member.leaving!;
  const stays = leave === "remain" || (leave === "default" && member.config.groupInstanceId !== null);
  if (stays || member.memberId === "" || !member.coordinator.isKnown) return leaveDone(member);
  const timeoutMs = Math.min(member.config.requestTimeoutMs, Math.max(1, deadlineMs - member.nowMs));
  member.asked = sayGoodBye(member, reason, timeoutMs);
}

export function leaveDone(member: Member): void {
  const { reason, isClosing } = member.leaving!;
  endMembership(member, reason, { forgetMemberId: true });
  member.record.forget();
  member.lastGenerationId = -1;
  member.leaving = undefined;
  member.turn(isClosing ? "Closed" : "Unjoined");
  if (isClosing) member.act({ type: "closed" });
}

const pollTooLate = "the application did not poll for max.poll.interval.ms";

/** Rule 49: others get its partitions; a static member is given its session timeout to come back. */
export function leaveUntilPolled(member: Member): void {
  const { config, memberId, coordinator } = member;
  if (config.groupInstanceId === null && memberId !== "" && coordinator.isKnown) {
    sayGoodBye(member, pollTooLate, config.requestTimeoutMs);
  }
  member.isPolled = false;
  member.record.forget();
  endMembership(member, pollTooLate, { forgetMemberId: true });
  member.rejoinReason = "the application polls again";
  member.turn("Unjoined");
}

function sayGoodBye(member: Member, reason: string, timeoutMs: number): number {
  const { groupId, groupInstanceId } = member.config;
  return member.send("LeaveGroup", { groupId, memberId: member.memberId, groupInstanceId, reason }, timeoutMs);
}
