/** The last rebalances of each group, for admins that ask with DescribeGroups. A restart forgets them. */
import type { GroupFact, GroupRebalanceCompleted } from "../group/facts.ts";
import type { DescribeGroupsResponse } from "../protocol/apis/describe-groups.ts";

export type ToldRebalance = NonNullable<DescribeGroupsResponse["groups"][number]["rebalances"]>[number];

const keptPerGroup = 16;
/** Those that rebalanced last. */
const groupsKept = 10_000;

export class RecentRebalances {
  readonly #byGroup = new Map<string, ToldRebalance[]>();

  /** @param wallMs when it was told, which is when it was durable */
  note(fact: GroupFact, wallMs: number): void {
    if (fact.type === "GroupDeleted") this.#byGroup.delete(fact.group);
    if (fact.type !== "GroupRebalanceCompleted") return;
    const told = [...(this.#byGroup.get(fact.group) ?? []), asTold(fact, wallMs)].slice(-keptPerGroup);
    this.#byGroup.delete(fact.group);
    this.#byGroup.set(fact.group, told);
    if (this.#byGroup.size > groupsKept) this.#byGroup.delete(this.#byGroup.keys().next().value!);
  }

  /** The oldest first. */
  of(group: string): readonly ToldRebalance[] {
    return this.#byGroup.get(group) ?? [];
  }
}

function asTold(fact: GroupRebalanceCompleted, completedMs: number): ToldRebalance {
  const { reason, fromGeneration, toGeneration, durationMs, members, joined, left } = fact;
  const names = { joined, left };
  return { reason, fromGeneration, toGeneration, completedMs, durationMs: Math.round(durationMs), members, ...names };
}
