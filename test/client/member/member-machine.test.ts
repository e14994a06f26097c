import assert from "node:assert/strict";
import { test } from "node:test";
import { standardAssignors } from "../../../src/assignment/standard-assignors.ts";
import { laneOf, leaveGroupBody } from "../../../src/client/member/member-request.ts";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from "../../../src/protocol/consumer-protocol.ts";
import { Conversation } from "./support/conversation.ts";

test("rule 55: a leader plans for subscriptions of every version", () => {
  const talk = new Conversation();
  talk.subscribe("orders");
  const common = { topics: ["orders"], userData: null, ownedPartitions: [], generationId: 3, rackId: "r1" };
  const others = [0, 1, 2, 3].map((version) => ({
    memberId: `n${version}`,
    metadata: encodeSubscription(common, version),
  }));
  talk.lead("range", others);
  talk.answer("Metadata", { topics: new Map([["orders", { partitionCount: 5 }]]) });
  const given = talk
    .asked("SyncGroup")
    .body.assignments.map(({ memberId, assignment }) => [
      memberId,
      decodeAssignment(assignment).assignedPartitions[0]!.partitions.length,
    ]);
  assert.deepEqual(given, [
    ["m", 1],
    ["n0", 1],
    ["n1", 1],
    ["n2", 1],
    ["n3", 1],
  ]);
});

test("rule 55: a member tells its rack, and the leader gives it what is there", () => {
  const talk = new Conversation({ rackId: "r2" });
  talk.subscribe("orders");
  assert.equal(decodeSubscription(talk.asked("JoinGroup").body.protocols[0]!.metadata).rackId, "r2");
  const other = { topics: ["orders"], userData: null, ownedPartitions: [], generationId: -1, rackId: "r1" };
  talk.lead("range", [{ memberId: "n", metadata: encodeSubscription(other) }]);
  talk.answer("Metadata", { topics: new Map([["orders", { partitionCount: 2, replicaRacks: [["r2"], ["r1"]] }]]) });
  const own = talk.asked("SyncGroup").body.assignments.find(({ memberId }) => memberId === "m")!;
  assert.deepEqual(decodeAssignment(own.assignment).assignedPartitions, [{ topic: "orders", partitions: [0] }]);
});

for (const [rackId, joins] of [
  ["r1", true],
  [null, false],
] as const) {
  const who = joins ? "a leader with a rack" : "no leader without one";
  test(`rule 27: replicas that move to another rack make ${who} join again`, () => {
    const talk = new Conversation({ rackId });
    talk.subscribe("orders");
    talk.lead("range");
    talk.answer("Metadata", { topics: new Map([["orders", { partitionCount: 1, replicaRacks: [["r1", "r2"]] }]]) });
    talk.answer("SyncGroup", { assignment: encodeAssignment({ assignedPartitions: [], userData: null }) });
    const same = new Map([["orders", { partitionCount: 1, replicaRacks: [["r2", "r1"]] }]]);
    talk.tell({ type: "metadata", topics: same });
    assert.equal(talk.machine.state, "Stable");
    const moved = new Map([["orders", { partitionCount: 1, replicaRacks: [["r1", "r3"]] }]]);
    talk.tell({ type: "metadata", topics: moved });
    assert.equal(talk.machine.state, joins ? "Joining" : "Stable");
  });
}

test("an assignor of the application that throws ends the membership, with what it threw", () => {
  const cause = new Error("no plan today");
  const assignor = standardAssignors.range();
  assignor.assign = () => {
    throw cause;
  };
  const talk = new Conversation({}, assignor);
  talk.subscribe("orders");
  talk.lead("range");
  const actions = talk.answer("Metadata", { topics: new Map() });
  const message = "group g: no plan today";
  assert.deepEqual(actions.at(-1), { type: "fail", errorCode: undefined, message, cause });
  assert.equal(talk.machine.state, "Failed");
});

test("rule 46: an assignor of the application that hands over what is still owned ends the membership", () => {
  const { assign, onAssignment, subscriptionUserData } = standardAssignors.range();
  const supportedProtocols = ["COOPERATIVE"] as const;
  const assignor = { name: "mine", version: 0, supportedProtocols, assign, onAssignment, subscriptionUserData };
  const talk = new Conversation({}, assignor);
  talk.subscribe("orders");
  const ownedPartitions = [{ topic: "orders", partitions: [0, 1] }];
  const other = { topics: ["orders"], userData: null, ownedPartitions, generationId: 1, rackId: null };
  talk.lead("mine", [{ memberId: "n", metadata: encodeSubscription(other) }]);
  const [, failed] = talk.answer("Metadata", { topics: new Map([["orders", { partitionCount: 2 }]]) });
  assert.equal(failed?.type, "fail");
  assert.match(failed.message, /assignor mine gives orders-0 to m before n has given it up/);
});

test("a pattern that matches no topic yet is a subscription all the same", () => {
  const talk = new Conversation();
  talk.subscribe();
  assert.deepEqual(decodeSubscription(talk.asked("JoinGroup").body.protocols[0]!.metadata).topics, []);
});

test("a coordinator that chooses an assignor that was not offered ends the membership", () => {
  const talk = new Conversation();
  talk.subscribe("orders");
  talk.lead("mystery");
  assert.equal(talk.machine.state, "Failed");
});

test("what no trying again could change ends the membership: wrong credentials, no common version", () => {
  const talk = new Conversation();
  talk.subscribe("orders");
  const { id } = talk.asked("JoinGroup");
  const error = new Error("the broker has no JoinGroup 5");
  const actions = talk.tell({ type: "refused", id, error });
  assert.deepEqual(
    actions.map(({ type }) => type),
    ["fail"],
  );
  assert.deepEqual(talk.tell({ type: "refused", id, error }), [], "said once");
});

test("KIP-800: a reason longer than 255 characters is cut", () => {
  const talk = new Conversation();
  talk.subscribe("orders");
  talk.lead("range");
  talk.answer("Metadata", { topics: new Map() });
  talk.answer("SyncGroup", { assignment: new Uint8Array() });
  talk.tell({ type: "enforceRebalance", reason: "because ".repeat(100) });
  assert.equal(talk.asked("JoinGroup").body.reason?.length, 255);
});

test("a join and a sync are waited for as long as a rebalance may take, a heartbeat as long as a session", () => {
  const talk = new Conversation({ maxPollIntervalMs: 60_000, sessionTimeoutMs: 10_000 });
  talk.subscribe("orders");
  assert.equal(talk.asked("JoinGroup").timeoutMs, 65_000);
  talk.lead("range");
  talk.answer("Metadata", { topics: new Map() });
  assert.equal(talk.asked("SyncGroup").timeoutMs, 65_000);
  talk.answer("SyncGroup", { assignment: new Uint8Array() });
  talk.nowMs = talk.machine.wakeAtMs;
  talk.tell({ type: "wake" });
  assert.equal(talk.asked("Heartbeat").timeoutMs, 10_000);
});

test("what a coordinator can is learned anew with each heartbeat: at its address there may be another broker", () => {
  const talk = new Conversation();
  talk.subscribe("orders");
  talk.lead("range");
  talk.answer("Metadata", { topics: new Map() });
  talk.answer("SyncGroup", { assignment: new Uint8Array() });
  for (const [heartbeatMaxWaitMs, maxWaitMs] of [
    [undefined, 0],
    [Number.POSITIVE_INFINITY, 15_000],
    [0, 0],
  ] as const) {
    talk.nowMs = talk.machine.wakeAtMs;
    talk.tell({ type: "wake" });
    talk.answer("Heartbeat", { heartbeatMaxWaitMs });
    talk.nowMs = talk.machine.wakeAtMs;
    talk.tell({ type: "wake" });
    assert.equal(talk.asked("Heartbeat").body.maxWaitMs, maxWaitMs);
    talk.answer("Heartbeat", {});
  }
});

test("rule 58: what a coordinator may park does not hold back the rest", () => {
  const request = { id: 1, timeoutMs: 1 };
  const who = { groupId: "g", memberId: "m", generationId: 1, groupInstanceId: null };
  assert.equal(laneOf({ ...request, api: "SyncGroup", body: { ...who, assignments: [] } }), "group");
  assert.equal(laneOf({ ...request, api: "Heartbeat", body: { ...who, maxWaitMs: 0 } }), "main");
  assert.equal(laneOf({ ...request, api: "Heartbeat", body: { ...who, maxWaitMs: 1000 } }), "heartbeat");
  assert.equal(laneOf({ ...request, api: "LeaveGroup", body: { ...who, reason: "" } }), "main");
});

test("rule 25: LeaveGroup names the member at the top before v3, in a list since then", () => {
  const leave = { groupId: "g", memberId: "m", groupInstanceId: "i", reason: "closed" };
  assert.deepEqual(leaveGroupBody(leave, 2), { groupId: "g", memberId: "m", members: [] });
  const member = { memberId: "m", groupInstanceId: "i", reason: "closed" };
  assert.deepEqual(leaveGroupBody(leave, 3), { groupId: "g", members: [member] });
});
