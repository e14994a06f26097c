import { loseAll } from "./give-up.ts";
import type { Member } from "./member.ts";

/** The group goes on without this member: its generation is over, what it has is lost. */
export function endMembership(
  member: Member,
  reason: string,
  { forgetMemberId }: { readonly forgetMemberId: boolean },
): void {
  const { memberId, generationId, config } = member;
  if (generationId >= 0) {
    member.act({
      type: "fact",
      fact: { type: "MembershipEnded", group: config.groupId, memberId, generation: generationId, reason },
    });
  }
  if (forgetMemberId) member.memberId = "";
  member.generationId = -1;
  member.leads = undefined;
  member.asked = undefined;
  member.heartbeat = undefined;
  loseAll(member);
}
