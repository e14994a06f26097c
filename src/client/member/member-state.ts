/**
 * The states of a membership.
 * Unjoined: in no group, and nothing is asked of one: not subscribed, not polled yet, or left since nobody polled.
 * Preparing: partitions are given up, so that a join may be sent.
 * Joining: the coordinator is looked for, or asked to let the member into the next generation.
 * Planning: the leader waits for metadata. Syncing: the plan is handed in, or waited for.
 * Revoking: what the plan took away is given up, if it took any (cooperative). Stable: the generation's partitions are
 * read.
 * Leaving: after close or unsubscribe, partitions are given up, then the coordinator is told.
 */
export type MemberState =
  | "Unjoined"
  | "Preparing"
  | "Joining"
  | "Planning"
  | "Syncing"
  | "Revoking"
  | "Stable"
  | "Leaving"
  | "Failed"
  | "Closed";

/** From each state, those a member may turn to. All else is a defect. */
export const transitions = {
  Unjoined: ["Preparing", "Leaving"],
  Preparing: ["Joining", "Unjoined", "Leaving", "Failed"],
  Joining: ["Planning", "Syncing", "Preparing", "Unjoined", "Leaving", "Failed"],
  Planning: ["Syncing", "Preparing", "Unjoined", "Leaving", "Failed"],
  Syncing: ["Revoking", "Preparing", "Unjoined", "Leaving", "Failed"],
  Revoking: ["Stable", "Preparing", "Unjoined", "Leaving", "Failed"],
  Stable: ["Preparing", "Unjoined", "Leaving", "Failed"],
  Leaving: ["Unjoined", "Closed"],
  Failed: ["Leaving"],
  Closed: [],
} as const satisfies Record<MemberState, readonly MemberState[]>;

export function assertTransition(from: MemberState, to: MemberState): void {
  const allowed: readonly MemberState[] = transitions[from];
  if (!allowed.includes(to)) throw new Error(`A member in ${from} cannot turn to ${to}; only to ${allowed.join(", ")}`);
}
