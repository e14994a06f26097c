import type { ReplyToken } from "../../coordinator/machine.ts";
import { Timer } from "../../coordinator/timers.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { GroupContext, GroupTimer } from "../shard.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { Member } from "./member.ts";

/** A heartbeat that waits for news (decision 0009). It is its own timer's purpose: the end of the wait. */
export class ParkedHeartbeat {
  readonly kind = "heartbeat";
  readonly member: Member;
  readonly token: ReplyToken;
  readonly timer: Timer<GroupTimer> = new Timer<GroupTimer>(this);

  constructor(member: Member, token: ReplyToken) {
    this.member = member;
    this.token = token;
  }

  get group(): ClassicGroup {
    return this.member.group;
  }
}

/** One of each member waits at most: who sends another, over another connection, has lost the one before. */
export function parkHeartbeat(member: Member, token: ReplyToken, waitMs: number, context: GroupContext): void {
  answerHeartbeat(member, ErrorCode.NONE, context);
  const parked = new ParkedHeartbeat(member, token);
  member.parkedHeartbeat = parked;
  context.schedule(parked.timer, context.now.monotonicMs + waitMs);
}

/**
 * The session is not extended: it runs since the heartbeat came, and whether anybody reads the answer is not known. So
 * a client that dies while it waits is missed as soon as one that dies between two heartbeats.
 */
export function answerHeartbeat(member: Member, errorCode: ErrorCode, context: GroupContext): void {
  const parked = member.parkedHeartbeat;
  if (parked === null) return;
  member.parkedHeartbeat = null;
  context.cancel(parked.timer);
  context.reply(parked.token, { errorCode });
}
