import type { StepContext } from "../coordinator/machine.ts";
import type { ClassicGroup } from "./classic/classic-group.ts";
import type { Member, PendingMember } from "./classic/member.ts";
import type { ParkedHeartbeat } from "./classic/parked-heartbeat.ts";
import type { ClassicState } from "./classic/transitions.ts";
import type { GroupConfig } from "./config.ts";
import type { DurableState } from "./durable-state.ts";
import type { GroupFact } from "./facts.ts";
import type { GroupRecord } from "./record.ts";
import type { GroupRequests } from "./requests.ts";

/** What is due: a session, a pending member id, a heartbeat's wait, a group's join or sync phase, the expiry check. */
export type GroupTimer =
  | Member
  | PendingMember
  | ParkedHeartbeat
  | { readonly kind: "join" | "sync"; readonly group: ClassicGroup }
  | { readonly kind: "expiry" };

export type GroupContext = StepContext<GroupRequests, GroupRecord, GroupTimer, GroupFact>;

/** One partition of `__consumer_offsets`: what survives a restart, and what a reload may forget. */
export interface Shard {
  readonly config: GroupConfig;
  readonly durable: DurableState;
  /** Groups with members, with pending members, or with an open round. All others are Empty and told by `durable`. */
  readonly live: Map<string, ClassicGroup>;
}

/** Dead: there is no such group. */
export function stateOf(shard: Shard, groupId: string): ClassicState {
  const live = shard.live.get(groupId);
  if (live !== undefined) return live.state;
  return shard.durable.groups.has(groupId) ? "Empty" : "Dead";
}

/** A group of which nothing is left that `durable` does not tell as well needs no place in memory. */
export function forgetIfIdle(shard: Shard, groupId: string): void {
  const saved = shard.durable.groups.get(groupId);
  if (shard.live.get(groupId)?.isIdle && saved?.members.length === 0) shard.live.delete(groupId);
}
