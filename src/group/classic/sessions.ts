import type { GroupContext } from "../shard.ts";
import type { Member } from "./member.ts";

/** How long a new member's first join may be parked before its client is thought gone; Kafka's constant. */
const newMemberJoinTimeoutMs = 300_000;

export function resetSession(member: Member, context: GroupContext): void {
  context.schedule(member.timer, context.now.monotonicMs + member.terms.sessionTimeoutMs);
}

/**
 * A new member cannot send heartbeats, since its client does not know the member id yet, and nobody sees its connection
 * close (rule 58). Its first join ends on its own, so that clients which come and go do not fill the group.
 */
export function startFirstSession(member: Member, context: GroupContext): void {
  context.schedule(member.timer, context.now.monotonicMs + newMemberJoinTimeoutMs);
}
