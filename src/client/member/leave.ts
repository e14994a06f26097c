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

export function leave(member: Member): void {
  if (!member.callbacks.isEmpty || member.asked !== undefined) return;
  if (!saysGoodBye(member)) return leaveDone(member);
  const { reason, deadlineMs } = member.leaving!;
  const timeoutMs = Math.min(member.config.requestTimeoutMs, deadlineMs - member.nowMs);
  member.heartbeat = undefined;
  member.asked = sayGoodBye(member, reason, timeoutMs);
}

/** The deadline has come. Nobody waits for the answer, but the others need not wait for the end of the session. */
export function leaveAtOnce(member: Member): void {
  const { asked, leaving, config } = member;
  if (asked === undefined && saysGoodBye(member)) sayGoodBye(member, leaving!.reason, config.requestTimeoutMs);
  leaveDone(member);
}

/** Static members stay unless they are told to leave. No coordinator is looked for only to say good-bye. */
function saysGoodBye({ leaving, memberId, coordinator, config }: Member): boolean {
  const stays = leaving!.leave === "remain" || (leaving!.leave === "default" && config.groupInstanceId !== null);
  return !stays && memberId !== "" && coordinator.isKnown;
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
