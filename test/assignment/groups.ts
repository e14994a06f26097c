/** Any group, for fast-check, and a group's life from one rebalance to the next. */
import fc from "fast-check";
import type { ClusterTopics, GroupAssignment, GroupMember } from "../../src/assignment/partition-assignor.ts";
import { type StandardAssignorName, standardAssignors } from "../../src/assignment/standard-assignors.ts";
import { names } from "./scenarios.ts";

export interface World {
  readonly cluster: ClusterTopics;
  readonly group: readonly GroupMember[];
}

const racks = ["a", "b", "c"];
const rack = fc.constantFrom(...racks, null);

function topic(withRacks: boolean) {
  const partitions = fc.array(fc.uniqueArray(rack, { maxLength: 3 }), { maxLength: 9 });
  return partitions.map((replicaRacks) => ({
    partitionCount: replicaRacks.length,
    ...(withRacks && { replicaRacks }),
  }));
}

/** @param equal whether all subscribe to the same topics, of which some may not exist */
export function world({ equal, withRacks }: { equal: boolean; withRacks: boolean }): fc.Arbitrary<World> {
  const cluster = fc.dictionary(fc.constantFrom("t0", "t1", "t2", "t3", "t4", "t5"), topic(withRacks));
  const subscription = fc.subarray(["absent", "t0", "t1", "t2", "t3", "t4", "t5"]);
  const subscriptions = equal
    ? fc.tuple(subscription, fc.integer({ min: 1, max: 9 })).map(([topics, count]) => Array(count).fill(topics))
    : fc.array(subscription, { minLength: 1, maxLength: 9 });
  const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 9, maxLength: 9 });
  const statics = fc.array(fc.boolean(), { minLength: 9, maxLength: 9 });
  const places = fc.array(withRacks ? rack : fc.constant(null), { minLength: 9, maxLength: 9 });
  return fc
    .tuple(cluster, subscriptions, ids, statics, places)
    .map(([topics, lists, memberIds, isStatic, rackIds]) => ({
      cluster: new Map(Object.entries(topics)),
      group: (lists as string[][]).map((list, index) => ({
        memberId: memberIds[index]!,
        groupInstanceId: isStatic[index] ? `instance-${9 - index}` : null,
        subscription: {
          topics: list,
          userData: null,
          ownedPartitions: [],
          generationId: -1,
          rackId: rackIds[index]!,
        },
      })),
    }));
}

export const anyWorld = fc.record({ equal: fc.boolean(), withRacks: fc.boolean() }).chain((kind) => world(kind));

/** Everybody joins again with what the leader gave it in this generation. */
export function rejoin(
  name: StandardAssignorName,
  { cluster, group }: World,
  before: GroupAssignment,
  generation: number,
): World {
  const members = group.map((member) => {
    const assignment = before.get(member.memberId);
    if (assignment === undefined) return member;
    const assignor = standardAssignors[name]();
    assignor.onAssignment(assignment, generation);
    const userData = assignor.subscriptionUserData(member.subscription.topics);
    const ownedPartitions = name === "cooperative-sticky" ? assignment.assignedPartitions : [];
    return { ...member, subscription: { ...member.subscription, userData, ownedPartitions, generationId: generation } };
  });
  return { cluster, group: members };
}

/** By partition, its member. @throws if it has two */
export function ownersOf(assignment: GroupAssignment): Map<string, string> {
  const owners = new Map<string, string>();
  for (const [memberId, { assignedPartitions }] of assignment) {
    for (const name of names(assignedPartitions)) {
      if (owners.has(name)) throw new Error(`${name} has two owners: ${owners.get(name)} and ${memberId}`);
      owners.set(name, memberId);
    }
  }
  return owners;
}

/** Partitions of topics that somebody subscribes to. */
export function wanted({ cluster, group }: World): string[] {
  const topics = new Set(group.flatMap(({ subscription }) => subscription.topics));
  return [...topics].flatMap((topic) =>
    Array.from({ length: cluster.get(topic)?.partitionCount ?? 0 }, (_, number) => `${topic}-${number}`),
  );
}

/** By member id. */
export function sizesOf(assignment: GroupAssignment): Map<string, number> {
  return new Map(
    [...assignment].map(([memberId, { assignedPartitions }]) => [memberId, names(assignedPartitions).length]),
  );
}
