/** Partitions go, others come: the application is called. */
import type { Callback } from "./callbacks.ts";
import type { Member } from "./member.ts";
import { type Partitions, without } from "./partitions.ts";

/** They are given up in good order; they stay this member's until that is done. */
export function revoke(member: Member, partitions: Partitions): void {
  if (partitions.length > 0) call(member, { type: "revoke", partitions });
}

/** Somebody else may have all that this member had. What is being revoked is not told to be lost as well. */
export function loseAll(member: Member): void {
  const partitions = without(member.owned, member.callbacks.inRevocation);
  member.owned = [];
  member.ownedGenerationId = -1;
  if (partitions.length > 0) call(member, { type: "lose", partitions });
}

/** Told also when nothing was added (rule 46). */
export function assign(member: Member, partitions: Partitions): void {
  call(member, { type: "assign", partitions });
}

export function callbackDone(member: Member): void {
  const done = member.callbacks.done();
  if (done.type === "revoke") member.owned = without(member.owned, done.partitions);
}

function call(member: Member, callback: Callback): void {
  member.callbacks.add(callback);
  if (callback.type !== "assign") member.record.stopped(callback.type, callback.partitions, member.nowMs);
  member.act(callback);
}
