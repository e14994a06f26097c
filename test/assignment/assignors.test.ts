import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupMember, PartitionAssignor } from "../../src/assignment/partition-assignor.ts";
import { type StandardAssignorName, standardAssignors } from "../../src/assignment/standard-assignors.ts";
import { decodeCooperativeStickyUserData, decodeStickyUserData } from "../../src/assignment/sticky-user-data.ts";
import type { TopicPartitions } from "../../src/protocol/consumer-protocol.ts";
import { fromHex, toHex, vectorLines } from "../vectors.ts";
import { toLists } from "./scenarios.ts";

const userDataOf = (name: StandardAssignorName, had?: readonly TopicPartitions[], generation = 1): string | null => {
  const assignor = standardAssignors[name]();
  if (had) assignor.onAssignment({ assignedPartitions: [...had], userData: null }, generation);
  const userData = assignor.subscriptionUserData(["t0"]);
  return userData && toHex(userData);
};

test("assignors have Java's names, versions and protocols; only one is cooperative (rule 44)", () => {
  const described = Object.entries(standardAssignors).map(([key, make]) => {
    const { name, version, supportedProtocols } = make();
    return [key, name, version, supportedProtocols];
  });
  assert.deepEqual(described, [
    ["range", "range", 0, ["EAGER"]],
    ["roundrobin", "roundrobin", 0, ["EAGER"]],
    ["sticky", "sticky", 0, ["EAGER"]],
    ["cooperative-sticky", "cooperative-sticky", 0, ["COOPERATIVE", "EAGER"]],
  ]);
});

test("range and roundrobin tell the next leader nothing", () => {
  const had = [{ topic: "t0", partitions: [0] }];
  assert.deepEqual([userDataOf("range", had), userDataOf("roundrobin", had)], [null, null]);
});

test("rule 55: sticky tells what the member had, and in which generation", () => {
  assert.equal(userDataOf("sticky"), null);
  assert.equal(
    userDataOf("sticky", [{ topic: "t0", partitions: [0, 2, 4, 6] }]),
    "0000000100027430000000040000000000000002000000040000000600000001",
  );
});

test("rule 55: cooperative-sticky tells the generation, -1 before the first", () => {
  assert.equal(userDataOf("cooperative-sticky"), "ffffffff");
  assert.equal(userDataOf("cooperative-sticky", [], 7), "00000007");
});

test("what Java's sticky members send is read, and written again with the same bytes", () => {
  const sent = vectorLines<{ steps: { members: { userData?: string }[] }[] }>("assignors/sticky.jsonl")
    .slice(0, 40)
    .flatMap(({ steps }) => steps.flatMap(({ members }) => members.map(({ userData }) => userData)))
    .filter((userData) => userData !== undefined);
  assert.ok(sent.length > 100);
  for (const userData of sent) {
    const { partitions, generation } = decodeStickyUserData(fromHex(userData));
    assert.equal(userDataOf("sticky", partitions, generation), userData);
  }
});

test("sticky user data of clients before 2.3 has no generation; what is neither has nothing", () => {
  const t0 = [{ topic: "t0", partitions: [5] }];
  assert.deepEqual(decodeStickyUserData(fromHex("000000010002743000000001" + "00000005")), {
    partitions: t0,
    generation: -1,
  });
  for (const bytes of ["", "00", "ffffffff", "7fffffff", "000000010002ff"]) {
    assert.deepEqual(decodeStickyUserData(fromHex(bytes)), { partitions: [], generation: -1 });
  }
  assert.equal(decodeCooperativeStickyUserData(fromHex("0000")), -1);
});

const member = (memberId: string, topics: string[], owned: TopicPartitions[] = [], generationId = -1): GroupMember => ({
  memberId,
  groupInstanceId: null,
  subscription: { topics, userData: null, ownedPartitions: owned, generationId, rackId: null },
});

test("a cooperative member that joins gets what others lose only after they gave it up (rule 46)", () => {
  const assignor: PartitionAssignor = standardAssignors["cooperative-sticky"]();
  const topics = new Map([["orders", { partitionCount: 4 }]]);
  const a = member("a", ["orders"], [{ topic: "orders", partitions: [0, 1, 2, 3] }], 1);
  const first = toLists(assignor.assign(topics, [a, member("b", ["orders"])]));
  assert.deepEqual(first, { a: [["orders", [0, 1]]], b: [] });

  const left = member("a", ["orders"], [{ topic: "orders", partitions: [0, 1] }], 2);
  const second = toLists(assignor.assign(topics, [left, member("b", ["orders"], [], 2)]));
  assert.deepEqual(second, { a: [["orders", [0, 1]]], b: [["orders", [2, 3]]] });
});

test("a claim of an older generation does not hold against a newer one", () => {
  const topics = new Map([["orders", { partitionCount: 2 }]]);
  const all = [{ topic: "orders", partitions: [0, 1] }];
  const late = member("a", ["orders"], all, 3);
  const lists = toLists(
    standardAssignors["cooperative-sticky"]().assign(topics, [late, member("b", ["orders"], all, 4)]),
  );
  assert.deepEqual(lists, { a: [], b: [["orders", [0]]] });
});

test("a partition that two members claim in one generation goes to neither until both gave it up", () => {
  const topics = new Map([["orders", { partitionCount: 2 }]]);
  const both = [{ topic: "orders", partitions: [1] }];
  const group = [member("a", ["orders"], both, 4), member("b", ["orders"], both, 4)];
  const assignor = standardAssignors["cooperative-sticky"]();
  assert.deepEqual(toLists(assignor.assign(topics, group)), { a: [["orders", [0]]], b: [] });
});

test("no members, or no topics, are no error", () => {
  for (const make of Object.values(standardAssignors)) {
    assert.equal(make().assign(new Map([["orders", { partitionCount: 2 }]]), []).size, 0);
    assert.deepEqual(toLists(make().assign(new Map(), [member("a", ["orders"])])), { a: [] });
  }
});
