import assert from "node:assert/strict";
import { test } from "node:test";
import { groupPartitions, heldBack } from "../../../src/cli/groups/group-partitions.ts";
import { lagOf, sumOf } from "../../../src/cli/groups/partition-lag.ts";
import { partitionList } from "../../../src/cli/groups/partition-list.ts";
import type { GroupDescription, MemberDescription } from "../../../src/client/admin/groups.ts";

test("lag counts records that exist and are not committed", () => {
  const log = { start: 10, end: 100 };
  for (const [committed, lag] of [
    [40, 60],
    [100, 0],
    [10, 90],
    [5, 90], // what is deleted cannot be read any more
    [null, 90], // nothing is known to be read
    [120, 0], // beyond the log end
  ] as const) {
    assert.equal(lagOf(committed, log), lag, `committed ${committed}`);
  }
  assert.equal(lagOf(40, undefined), null);
  assert.equal(sumOf([1, 2, 3]), 6);
  assert.equal(sumOf([1, null]), null);
});

test("partitions are told by topic, in order", () => {
  const list = [
    { topic: "payments", partition: 1 },
    { topic: "orders", partition: 10 },
    { topic: "orders", partition: 2 },
  ];
  assert.equal(partitionList(list), "orders:2,10;payments:1");
  assert.equal(partitionList([]), "");
});

const member = (memberId: string, partitions: readonly number[], target?: readonly number[]): MemberDescription => ({
  memberId,
  groupInstanceId: null,
  clientId: memberId,
  clientHost: "/127.0.0.1",
  assignment: partitions.map((partition) => ({ topic: "orders", partition })),
  subscribedTopics: ["orders"],
  memberMetadata: new Uint8Array(0),
  memberAssignment: new Uint8Array(0),
  ...(target === undefined
    ? {}
    : {
        reconciliation: {
          memberEpoch: 2,
          targetAssignment: target.map((partition) => ({ topic: "orders", partition })),
          memberType: "consumer" as const,
        },
      }),
});

const group = (members: readonly MemberDescription[]): GroupDescription => ({
  groupId: "billing",
  type: "classic",
  state: "Stable",
  protocolType: "consumer",
  assignor: "range",
  coordinator: { nodeId: 1, host: "127.0.0.1", port: 9092, rack: null },
  members,
});

test("partitions come by member, the busiest first, and then those that nobody reads", () => {
  const committed = [5, 0, 4].map((partition) => {
    return { topic: "orders", partition, offset: 7, leaderEpoch: partition === 0 ? 3 : -1, metadata: "" };
  });
  const rows = groupPartitions(
    group([member("a", [0]), member("b", [2, 1])]),
    committed,
    new Map([["orders/0", { start: 0, end: 9 }]]),
  );
  assert.deepEqual(
    rows.map(({ partition, member: owner, currentOffset, leaderEpoch, lag }) => {
      return [partition, owner?.memberId, currentOffset, leaderEpoch, lag];
    }),
    [
      [1, "b", null, null, null],
      [2, "b", null, null, null],
      [0, "a", 7, 3, 2],
      [4, undefined, 7, null, null],
      [5, undefined, 7, null, null],
    ],
  );
});

test("a group of the consumer protocol waits for members that have what others are to get", () => {
  const held = heldBack(group([member("a", [0, 1, 2], [0, 1]), member("b", [], [2]), member("c", [3], [3])]));
  assert.deepEqual(
    held.map((each) => [each.member.memberId, partitionList(each.partitions)]),
    [["a", "orders:2"]],
  );
  assert.deepEqual(heldBack(group([member("classic", [0])])), []);
});
