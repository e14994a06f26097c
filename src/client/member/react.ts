import { ErrorCode, errorName } from "../../protocol/errors.ts";
import { coordinatorLost } from "./coordinator-link.ts";
import { endMembership } from "./end-membership.ts";
import { fail } from "./fail.ts";
import { startRebalance } from "./join.ts";
import type { Member } from "./member.ts";
import { reactionTo } from "./reaction.ts";

/** Rule 48: what an error that the coordinator answers does to the membership. */
export function react(member: Member, api: string, errorCode: number): void {
  const said = `${api} was answered ${errorName(errorCode)}`;
  switch (reactionTo(errorCode)) {
    case "rejoin":
      return rejoin(member, "the group is rebalancing");
    case "loseGeneration":
      return comeBack(member, said, { forgetMemberId: false });
    case "loseMembership":
      return comeBack(member, said, { forgetMemberId: true });
    case "findCoordinator":
      coordinatorLost(member);
      return askLater(member);
    case "retry":
      return askLater(member);
    case "fail":
      return fail(member, { errorCode, message: said });
  }
}

/** A heartbeat has its own pace. */
function askLater(member: Member): void {
  if (member.state === "Joining" || member.state === "Syncing") member.retry.failed(member.nowMs);
}

/** A round that was joined or synced is over; in Stable the member goes at once; before Stable it will. */
function rejoin(member: Member, reason: string): void {
  if (member.state === "Joining") return member.retry.failed(member.nowMs);
  if (member.state === "Planning" || member.state === "Syncing") return startRebalance(member, reason);
  if (member.state === "Stable" || member.state === "Revoking") member.rejoinReason ??= reason;
}

function comeBack(member: Member, reason: string, how: { readonly forgetMemberId: boolean }): void {
  const { state } = member;
  endMembership(member, reason, how);
  if (!member.isInside) return;
  if (state === "Joining") member.retry.failed(member.nowMs);
  if (state === "Preparing") member.rejoinReason = reason;
  else startRebalance(member, reason);
}

/** A commit's error, if it is about the membership that it was sent under. */
export function commitFailed(
  member: Member,
  { errorCode, generationId, memberId }: { errorCode: number; generationId: number; memberId: string },
): void {
  if (generationId !== member.generationId || memberId !== member.memberId || generationId < 0) return;
  switch (reactionTo(errorCode)) {
    case "rejoin":
      // It was sent between join and sync (rule 36). Whether the group has moved on since, a heartbeat tells.
      return member.pace.now(member.nowMs);
    case "findCoordinator":
      return coordinatorLost(member);
    case "loseGeneration":
    case "loseMembership":
      return react(member, "OffsetCommit", errorCode);
    default:
      if (errorCode === ErrorCode.FENCED_INSTANCE_ID) react(member, "OffsetCommit", errorCode);
  }
}
