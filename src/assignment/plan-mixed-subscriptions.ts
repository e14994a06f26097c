import { AssignmentPlan, nobody } from "./assignment-plan.ts";
import { classesOfTopics, type GroupLayout, membersOf } from "./group-layout.ts";
import { LeastLoaded } from "./least-loaded.ts";
import { type Claims, eachClaim, type PreviousOwners } from "./previous-owners.ts";
import { noRack, type Racks, rackMatches } from "./racks.ts";
import { LoadSpreader, type SharedTopic } from "./spread-load.ts";

/**
 * Where subscriptions differ: members keep what they have; what is left goes to the member with the fewest partitions
 * that may have it, topics with the fewest subscribers first, as they have the least choice; then partitions move from
 * members with more to members with fewer until none can.
 *
 * @param racks given if they matter: then members only keep partitions with a replica in their rack, and get such first
 */
export function planMixedSubscriptions(
  layout: GroupLayout,
  claims: readonly Claims[],
  previous: PreviousOwners,
  racks: Racks | undefined,
): AssignmentPlan {
  const plan = new AssignmentPlan(layout.members.length, previous.owner.length);
  const mustRevoke = keep(plan, layout, claims, previous.owner, racks);
  const kept = plan.owner.slice();
  const topics = leastChoiceFirst(layout);
  const place = new Int32Array(layout.members.length);
  if (racks !== undefined) for (const topic of topics) fillInRacks(plan, topic, racks, place);
  for (const topic of topics) fill(plan, topic, place);

  const shared = topics.filter(({ subscribers }) => subscribers.length > 1);
  // If the new partitions can even things out, the old ones stay where they are.
  const spreader = new LoadSpreader(plan, layout, shared, previous.former);
  if (!mustRevoke) spreader.spread((partition) => kept[partition] === nobody);
  spreader.spread(() => true);
  return plan;
}

/** @returns whether a member loses a partition because it may not have it any more */
function keep(
  plan: AssignmentPlan,
  layout: GroupLayout,
  claims: readonly Claims[],
  owner: Int32Array,
  racks: Racks | undefined,
): boolean {
  let mustRevoke = false;
  claims.forEach((each, member) => {
    const { topics } = layout.classes[layout.classOf[member]!]!;
    eachClaim(layout, each, (partition, topic) => {
      if (owner[partition] !== member || plan.owner[partition] === member) return;
      const mayKeep = topics.has(topic) && (racks === undefined || rackMatches(racks, member, partition));
      if (mayKeep) plan.give(partition, member);
      else mustRevoke = true;
    });
  });
  return mustRevoke;
}

function leastChoiceFirst(layout: GroupLayout): SharedTopic[] {
  const topics = classesOfTopics(layout).map((classes, topic) => ({
    classes,
    subscribers: membersOf(layout, classes),
    from: layout.firstPartition[topic]!,
    to: layout.firstPartition[topic + 1]!,
  }));
  return topics.sort((a, b) => a.subscribers.length - b.subscribers.length || a.from - b.from);
}

/** What suits the rack of nobody is left. */
function fillInRacks(plan: AssignmentPlan, { subscribers, from, to }: SharedTopic, racks: Racks, place: Int32Array) {
  const membersOfRack = Map.groupBy(subscribers, (member) => racks.ofMember[member]!);
  const heaps = new Map<number, LeastLoaded>();
  for (const [rack, members] of membersOfRack) heaps.set(rack, new LeastLoaded(plan.sizes, place, members));
  const isBefore = (a: LeastLoaded, b: LeastLoaded) => a.isLess(a.least, b.least);
  for (let partition = from; partition < to; partition++) {
    if (plan.owner[partition] !== nobody) continue;
    const suiting = [noRack, ...racks.ofPartition[partition]!].map((rack) => heaps.get(rack));
    const found = suiting.filter((heap) => heap !== undefined);
    if (found.length === 0) continue;
    giveTo(
      found.reduce((best, heap) => (isBefore(heap, best) ? heap : best)),
      plan,
      partition,
    );
  }
}

function fill(plan: AssignmentPlan, { subscribers, from, to }: SharedTopic, place: Int32Array): void {
  const heap = new LeastLoaded(plan.sizes, place, subscribers);
  for (let partition = from; partition < to; partition++) {
    if (plan.owner[partition] === nobody) giveTo(heap, plan, partition);
  }
}

function giveTo(heap: LeastLoaded, plan: AssignmentPlan, partition: number): void {
  const member = heap.least;
  plan.give(partition, member);
  heap.changed(member);
}
