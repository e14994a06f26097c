import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type StandardAssignorName, standardAssignors } from "../../src/assignment/standard-assignors.ts";
import { anyWorld, ownersOf, rejoin, sizesOf, type World, wanted, world } from "./groups.ts";
import { names } from "./scenarios.ts";

const all = Object.keys(standardAssignors) as StandardAssignorName[];
const sticky = ["sticky", "cooperative-sticky"] as const;

const assign = (name: StandardAssignorName, { cluster, group }: World) =>
  standardAssignors[name]().assign(cluster, group);

const holds = (worlds: fc.Arbitrary<World>, property: (world: World) => void): void =>
  fc.assert(fc.property(worlds, property), { numRuns: 300 });

function assertEven(sizes: readonly number[]): void {
  assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes} differ by more than one`);
}

for (const name of all) {
  test(`${name} gives every partition that somebody wants to exactly one member that subscribes to its topic`, () => {
    holds(anyWorld, (world) => {
      const assignment = assign(name, world);
      assert.deepEqual([...ownersOf(assignment).keys()].sort(), wanted(world).sort());
      assert.deepEqual([...assignment.keys()].sort(), world.group.map(({ memberId }) => memberId).sort());
      for (const { memberId, subscription } of world.group) {
        for (const { topic } of assignment.get(memberId)!.assignedPartitions) {
          assert.ok(subscription.topics.includes(topic));
        }
      }
    });
  });

  test(`${name} answers the same to the same group`, () => {
    holds(anyWorld, (world) => assert.deepEqual(assign(name, world), assign(name, world)));
  });
}

test("range gives the subscribers of a topic as many of its partitions, or one more", () => {
  holds(anyWorld, ({ cluster, group }) => {
    const assignment = assign("range", { cluster, group });
    for (const topic of cluster.keys()) {
      const subscribers = group.filter(({ subscription }) => subscription.topics.includes(topic));
      if (subscribers.length === 0) continue;
      const lists = subscribers.map(({ memberId }) => assignment.get(memberId)!.assignedPartitions);
      assertEven(lists.map((list) => names(list.filter((each) => each.topic === topic)).length));
    }
  });
});

test("range divides topics of the same size and subscribers alike, where racks matter too", () => {
  holds(world({ equal: true, withRacks: true }), (world) => {
    const owners = ownersOf(assign("range", world));
    const { topics: subscribed } = world.group[0]!.subscription;
    const asked = [...world.cluster].filter(([topic]) => subscribed.includes(topic));
    const bySize = Map.groupBy(asked, ([, { partitionCount }]) => partitionCount);
    for (const [size, topics] of bySize) {
      for (let number = 0; number < size; number++) {
        const distinct = new Set(topics.map(([topic]) => owners.get(`${topic}-${number}`)));
        assert.equal(distinct.size, 1);
      }
    }
  });
});

for (const name of ["roundrobin", ...sticky] as const) {
  test(`${name} gives members with equal subscriptions as many partitions, or one more`, () => {
    holds(
      fc.boolean().chain((withRacks) => world({ equal: true, withRacks })),
      (world) => assertEven([...sizesOf(assign(name, world)).values()]),
    );
  });
}

for (const name of sticky) {
  test(`${name} leaves no partition that could go to a member with two fewer`, () => {
    holds(world({ equal: false, withRacks: false }), ({ cluster, group }) => {
      const assignment = assign(name, { cluster, group });
      const sizes = sizesOf(assignment);
      for (const [partition, owner] of ownersOf(assignment)) {
        const others = group.filter(({ subscription }) => subscription.topics.includes(partition.split("-")[0]!));
        for (const { memberId } of others) assert.ok(sizes.get(memberId)! >= sizes.get(owner)! - 1);
      }
    });
  });

  test(`${name} moves nothing when nothing has changed`, () => {
    const worlds = fc.boolean().chain((equal) => world({ equal, withRacks: false }));
    holds(worlds, (world) => {
      const before = assign(name, world);
      const after = assign(name, rejoin(name, world, before, 1));
      assert.deepEqual(ownersOf(after), ownersOf(before));
    });
  });

  test(`${name} moves only the partitions of those who left, where subscriptions are equal`, () => {
    holds(world({ equal: true, withRacks: false }), (world) => {
      const before = assign(name, world);
      const { cluster, group } = rejoin(name, world, before, 1);
      const stayed = group.slice(Math.ceil(group.length / 3));
      if (stayed.length === 0) return;
      const owners = ownersOf(assign(name, { cluster, group: stayed }));
      assert.deepEqual([...owners.keys()].sort(), wanted(world).sort());
      for (const { memberId } of stayed) {
        for (const partition of names(before.get(memberId)!.assignedPartitions)) {
          assert.equal(owners.get(partition), memberId);
        }
      }
    });
  });
}

const withoutRacks = fc.boolean().chain((equal) => world({ equal, withRacks: false }));

/** A group of which some left, some joined, and which meets other topics than before. */
const changed = fc.boolean().chain((withRacks) =>
  fc.tuple(
    fc.boolean().chain((equal) => world({ equal, withRacks })),
    fc.boolean().chain((equal) => world({ equal, withRacks })),
    fc.integer({ min: 0, max: 4 }),
  ),
);

test("cooperative-sticky gives nobody a partition that its owner has not given up (rule 46)", () => {
  fc.assert(
    fc.property(changed, ([world, other, newcomers]) => {
      const before = assign("cooperative-sticky", world);
      const owners = ownersOf(before);
      const again = rejoin("cooperative-sticky", { ...other, group: meet(world, other, newcomers) }, before, 1);
      const present = new Set(again.group.map(({ memberId }) => memberId));
      for (const [partition, memberId] of ownersOf(assign("cooperative-sticky", again))) {
        const owner = owners.get(partition);
        assert.ok(owner === undefined || owner === memberId || !present.has(owner), `${partition} was taken`);
      }
    }),
    { numRuns: 1000 },
  );
});

test("cooperative-sticky gives everything to somebody once what is to move was given up", () => {
  fc.assert(
    fc.property(fc.tuple(withoutRacks, withoutRacks, fc.integer({ min: 0, max: 4 })), ([world, other, newcomers]) => {
      let now = { ...other, group: meet(world, other, newcomers) };
      let assignment = assign("cooperative-sticky", world);
      let rounds = 0;
      do {
        now = rejoin("cooperative-sticky", now, assignment, ++rounds);
        assignment = assign("cooperative-sticky", now);
      } while (ownersOf(assignment).size < wanted(now).length && rounds < 10);
      assert.ok(rounds < 10, "the group never comes to rest");
    }),
    { numRuns: 500 },
  );
});

/** The second group: new members, and those of the first with new subscriptions. */
function meet({ group }: World, other: World, newcomers: number): World["group"] {
  return other.group.map((member, index) =>
    index < newcomers || group[index] === undefined
      ? { ...member, memberId: `new ${member.memberId}`, groupInstanceId: null }
      : { ...member, memberId: group[index].memberId, groupInstanceId: null },
  );
}
