import { endMembership } from "./end-membership.ts";
import type { Member } from "./member.ts";

export interface Failure {
  readonly errorCode?: number;
  readonly message: string;
  readonly cause?: Error;
}

/** The member cannot go on: what it has is lost, the application is told. A member that leaves just does not say so. */
export function fail(member: Member, { errorCode, message, cause }: Failure): void {
  endMembership(member, message, { forgetMemberId: true });
  if (!member.isInside) return;
  member.turn("Failed");
  const told = `group ${member.config.groupId}: ${message}`;
  member.act({ type: "fail", errorCode, message: told, ...(cause === undefined ? {} : { cause }) });
}
