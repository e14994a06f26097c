/** What the transcripts do not show: limits, bytes, and what must not be left behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { groupRecordCodec } from "../../src/group/record-codec.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import {
  commitRequest,
  fetchRequest,
  heartbeatRequest,
  joinedMembers,
  joinRequest,
  replyTo,
  syncRequest,
} from "./support/calls.ts";
import { epochMs, World } from "./support/world.ts";

const fast = { groupInitialRebalanceDelayMs: 0 };

test("rule 7: a group that is loaded above group.max.size rebalances, and the last to rejoin is sent away", () => {
  const world = new World(fast);
  const [leader, second, third] = joinedMembers(world, 3) as [string, string, string];
  world.submit("SyncGroup", syncRequest(leader, 1, { [leader]: [0], [second]: [1], [third]: [2] }));
  const smaller = new World({ ...fast, groupMaxSize: 2 });
  smaller.log.push(...world.log);
  smaller.restart();
  assert.equal(smaller.coordinator.shard.live.get("g")?.state, "PreparingRebalance");
  const first = smaller.submit("JoinGroup", joinRequest({ memberId: leader }));
  smaller.submit("JoinGroup", joinRequest({ memberId: second }));
  const { token, happened } = smaller.submit("JoinGroup", joinRequest({ memberId: third }));
  assert.deepEqual(errorOf(replyTo(happened, token)), ErrorCode.GROUP_MAX_SIZE_REACHED);
  assert.deepEqual(errorOf(replyTo(happened, first.token)), ErrorCode.NONE, "those that are in go on at once");
});

test("rules 10 and 24: a session that runs out in the first delay ends the wait for its member", () => {
  const world = new World({ groupInitialRebalanceDelayMs: 20_000 });
  const { token } = world.submit("JoinGroup", joinRequest({ rebalanceTimeoutMs: 300_000 }));
  world.submit("JoinGroup", joinRequest({ version: 4, sessionTimeoutMs: 6000 }));
  const happened = world.advanceTo(6000);
  assert.equal(errorOf(replyTo(happened, token)), ErrorCode.NONE);
});

test("rule 11: before v1 of JoinGroup the session timeout is the rebalance timeout too", () => {
  const world = new World(fast);
  const [leader] = joinedMembers(world, 1, { version: 0, sessionTimeoutMs: 7000, rebalanceTimeoutMs: -1 });
  const member = world.coordinator.shard.live.get("g")?.members.get(leader!);
  assert.equal(member?.terms.rebalanceTimeoutMs, 7000);
});

test("rule 13: an assignor that a member names twice is counted once", () => {
  const world = new World(fast);
  const metadata = new Uint8Array([0, 0]);
  const protocols = [
    { name: "range", metadata },
    { name: "range", metadata },
  ];
  const { token } = world.submit("JoinGroup", joinRequest({ protocols }));
  const happened = world.advanceTo(0);
  assert.equal((replyTo(happened, token) as { protocolName: string }).protocolName, "range");
  assert.equal(world.ask("JoinGroup", joinRequest({ version: 9 })).errorCode, ErrorCode.MEMBER_ID_REQUIRED);
});

test("rule 13: in a tie the assignor is the one that Kafka 4.3.1 takes, whoever joins first", () => {
  const metadata = new Uint8Array([0, 0]);
  const [range, sticky] = [
    { name: "range", metadata },
    { name: "sticky", metadata },
  ];
  for (const first of [
    [range, sticky],
    [sticky, range],
  ]) {
    const world = new World();
    const { token } = world.submit("JoinGroup", joinRequest({ protocols: first }));
    world.submit("JoinGroup", joinRequest({ protocols: first.toReversed() }));
    const { protocolName } = replyTo(world.advanceTo(6000), token) as { protocolName: string };
    assert.equal(protocolName, "sticky");
  }
});

test("rules 20 and 24: a session that ran out in a parked sync begins anew when the round is given up", () => {
  const world = new World(fast);
  const [leader, follower] = joinedMembers(world, 2) as [string, string];
  const parked = world.submit("SyncGroup", syncRequest(follower, 1));
  for (let i = 0; i < 3; i++) {
    world.advanceTo(world.nowMs + 6000);
    world.ask("Heartbeat", heartbeatRequest(leader, 1));
  }
  const { happened } = world.submit("JoinGroup", joinRequest());
  assert.equal(errorOf(replyTo(happened, parked.token)), ErrorCode.REBALANCE_IN_PROGRESS);
  world.advanceTo(world.nowMs + 9000);
  world.ask("Heartbeat", heartbeatRequest(leader, 1));
  world.advanceTo(world.nowMs + 1000);
  assert.equal(world.ask("Heartbeat", heartbeatRequest(follower, 1)).errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
});

test("rules 22 and 31: a static member that comes back before its sync still owes one", () => {
  const world = new World();
  const follower = { groupInstanceId: "i", sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 20_000 };
  const lead = world.submit("JoinGroup", joinRequest({ sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 20_000 }));
  world.submit("JoinGroup", joinRequest({ ...follower, version: 9 }));
  const leader = (replyTo(world.advanceTo(6000), lead.token) as { memberId: string }).memberId;
  world.submit("SyncGroup", syncRequest(leader, 1, { [leader]: [0] }));
  const back = world.ask("JoinGroup", joinRequest({ ...follower, version: 9 }));
  assert.equal(back.errorCode, ErrorCode.NONE);
  world.advanceTo(26_000);
  const group = world.coordinator.shard.live.get("g");
  assert.deepEqual([...(group?.members.keys() ?? [])], [leader]);
  assert.equal(group?.state, "PreparingRebalance");
});

test("rule 26: an Empty group leaves nothing behind but what the log knows", () => {
  const world = new World(fast);
  const idle = world.timers;
  const [leader] = joinedMembers(world, 1) as [string];
  world.submit("SyncGroup", syncRequest(leader, 1, { [leader]: [0] }));
  const body = { groupId: "g", memberId: leader, members: [] };
  world.ask("LeaveGroup", { version: 2, clientId: "c", clientHost: "/127.0.0.1", body });
  assert.equal(world.coordinator.shard.live.size, 0);
  assert.equal(world.timers, idle);
});

test("rules 8 and 40: a member id that was handed out is forgotten with its leave, or with the group", () => {
  const world = new World();
  const idle = world.timers;
  const pending = world.ask("JoinGroup", joinRequest({ version: 4 }));
  const members = [{ memberId: pending.memberId, groupInstanceId: null, reason: null }];
  const client = { clientId: "c", clientHost: "/127.0.0.1" };
  world.ask("LeaveGroup", { version: 5, ...client, body: { groupId: "g", memberId: "", members } });
  assert.equal(world.timers, idle);
  world.ask("JoinGroup", joinRequest({ version: 4 }));
  world.ask("DeleteGroup", { version: 2, ...client, body: { groupId: "g" } });
  assert.equal(world.timers, idle);
});

test("rule 38: an offset of a topic that was made again under its name is not one of the new topic", () => {
  const world = new World();
  const [old, fresh] = ["AAAAAAAAAAAAAAAAAAAAAQ", "AAAAAAAAAAAAAAAAAAAAAg"] as const;
  world.ask("OffsetCommit", commitRequest("orders", 0, 7, old));
  const offsetOf = (topicId?: string) =>
    world.ask("OffsetFetch", fetchRequest("orders", 0, topicId)).topics[0]?.partitions[0]?.committedOffset;
  assert.deepEqual([offsetOf(old), offsetOf(fresh), offsetOf()], [7, -1, 7]);
  world.ask("TopicsDeleted", { topics: [{ name: "orders", topicId: fresh }] });
  assert.equal(offsetOf(old), 7);
  world.ask("TopicsDeleted", { topics: [{ name: "orders", topicId: old }] });
  assert.equal(offsetOf(old), -1);
});

test("rule 39: a GroupMetadata of before v2 does not tell since when it is Empty: the commit counts", () => {
  const world = new World();
  const metadata = { protocol: null, leader: null, currentStateTimestampMs: -1, members: [] };
  const value = { protocolType: "consumer", generation: 3, ...metadata };
  world.log.push(groupRecordCodec.encode({ type: "GroupMetadata", group: "g", value }));
  const commit = { offset: 1, leaderEpoch: -1, metadata: "", expireTimestampMs: -1, topicId: "AAAAAAAAAAAAAAAAAAAAAA" };
  const old = { ...commit, commitTimestampMs: epochMs - world.config.offsetsRetentionMs + 600_000 };
  const young = { ...commit, commitTimestampMs: epochMs };
  world.log.push(
    groupRecordCodec.encode({ type: "OffsetCommit", group: "g", topic: "orders", partition: 0, value: old }),
  );
  world.log.push(
    groupRecordCodec.encode({ type: "OffsetCommit", group: "g", topic: "orders", partition: 1, value: young }),
  );
  world.restart();
  world.advanceTo(600_000);
  assert.deepEqual([...world.coordinator.shard.durable.offsets.get("g")!.get("orders")!.keys()], [1]);
});

test("rule 59: a group too large for the log is told so, and is whole again when members leave", () => {
  const world = new World({ groupInitialRebalanceDelayMs: 3000 });
  world.maxRecordBytes = 2000;
  const members = joinedMembers(world, 20);
  const plan = Object.fromEntries(members.map((memberId, at) => [memberId, [at]]));
  const answer = world.ask("SyncGroup", syncRequest(members[0]!, 1, plan));
  assert.equal(answer.errorCode, ErrorCode.UNKNOWN_SERVER_ERROR);
  assert.equal(world.ask("Heartbeat", heartbeatRequest(members[1]!, 1)).errorCode, ErrorCode.REBALANCE_IN_PROGRESS);
  const [first, second] = members as [string, string];
  world.submit("JoinGroup", joinRequest({ memberId: first }));
  world.submit("JoinGroup", joinRequest({ memberId: second }));
  world.advanceTo(world.nowMs + 10_000);
  const smaller = world.ask("SyncGroup", syncRequest(first, 2, { [first]: [0], [second]: [1] }));
  assert.equal(smaller.errorCode, ErrorCode.NONE);
});

test("a client id that leaves no room for a member id is refused before it is in the group", () => {
  const world = new World();
  const refused = world.ask("JoinGroup", joinRequest({ clientId: "x".repeat(32_767) }));
  assert.equal(refused.errorCode, ErrorCode.UNKNOWN_SERVER_ERROR);
  assert.equal(world.coordinator.shard.live.size, 0);
});

test("what a member says is kept in bytes of its own, not as a view of its request", () => {
  const world = new World(fast);
  const metadata = new Uint8Array([0, 0, 0, 0, 0, 0]);
  const { token } = world.submit("JoinGroup", joinRequest({ protocols: [{ name: "range", metadata }] }));
  const { memberId } = replyTo(world.advanceTo(0), token) as { memberId: string };
  metadata.fill(255);
  const request = syncRequest(memberId, 1, { [memberId]: [3] });
  world.submit("SyncGroup", request);
  request.body.assignments[0]!.assignment.fill(255);
  const described = world.ask("DescribeGroup", { ...request, version: 6, body: { groupId: "g" } });
  assert.deepEqual(described.members[0]?.memberMetadata, new Uint8Array(6));
  assert.notEqual(described.members[0]?.memberAssignment[0], 255);
});

function errorOf(reply: unknown): number | undefined {
  return (reply as { errorCode: number } | undefined)?.errorCode;
}

test("the fact of a rebalance counts the partitions that have another owner, no owner, or one at last", () => {
  const world = new World();
  const [a, b] = joinedMembers(world, 2) as [string, string];
  const movedBy = (generation: number, plan: Record<string, number[]>) => {
    const { happened } = world.submit("SyncGroup", syncRequest(a, generation, plan));
    for (const one of happened)
      if (one.kind === "fact" && "movedPartitions" in one.fact) return one.fact.movedPartitions;
    return undefined;
  };
  const rejoin = () => {
    for (const memberId of [a, b]) world.submit("JoinGroup", joinRequest({ memberId }));
  };
  assert.equal(movedBy(1, { [a]: [0, 1, 2], [b]: [3] }), 4);
  rejoin();
  assert.equal(movedBy(2, { [a]: [0, 1, 2], [b]: [3] }), 0);
  rejoin();
  assert.equal(movedBy(3, { [a]: [0, 1], [b]: [3, 2] }), 1);
  rejoin();
  assert.equal(movedBy(4, { [a]: [0, 7], [b]: [2] }), 3, "1 and 3 have no owner any more, 7 has one");
});
