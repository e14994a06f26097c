import assert from "node:assert/strict";
import { test } from "node:test";
import { ConsumerGroupDescribe } from "../../src/protocol/apis/consumer-group-describe.ts";
import { DeleteGroups } from "../../src/protocol/apis/delete-groups.ts";
import { DescribeGroups } from "../../src/protocol/apis/describe-groups.ts";
import { FindCoordinator } from "../../src/protocol/apis/find-coordinator.ts";
import { Heartbeat } from "../../src/protocol/apis/heartbeat.ts";
import { JoinGroup } from "../../src/protocol/apis/join-group.ts";
import { LeaveGroup } from "../../src/protocol/apis/leave-group.ts";
import { ListGroups } from "../../src/protocol/apis/list-groups.ts";
import { OffsetCommit } from "../../src/protocol/apis/offset-commit.ts";
import { SyncGroup } from "../../src/protocol/apis/sync-group.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { type BrokerUnderTest, type Client, createTopic, openCoordinator, startBroker } from "./harness.ts";

async function startWithCoordinator(): Promise<BrokerUnderTest> {
  const under = await startBroker();
  await openCoordinator(under.connect());
  return under;
}

function joinOf(groupId: string, memberId: string, metadata = "orders") {
  const protocols = [{ name: "range", metadata: Buffer.from(metadata) }];
  return {
    groupId,
    memberId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: "consumer",
    protocols,
  };
}

interface Member {
  readonly memberId: string;
  readonly generationId: number;
}

/** Joins with the version's own dance: from v4 on the first answer only gives a member id. */
async function join({ clock }: BrokerUnderTest, client: Client, version: number, groupId: string) {
  const first = client.ask(JoinGroup, version, joinOf(groupId, ""));
  await clock.advance(0); // the first rebalance waits, if only for no time
  if ((await first).errorCode !== ErrorCode.MEMBER_ID_REQUIRED) return first;
  const second = client.ask(JoinGroup, version, joinOf(groupId, (await first).memberId));
  await clock.advance(0);
  return second;
}

/** A group of one, Stable. */
async function stableGroup(under: BrokerUnderTest, client: Client, groupId: string): Promise<Member> {
  const { errorCode, memberId, generationId } = await join(under, client, 9, groupId);
  assert.equal(errorCode, ErrorCode.NONE);
  const assignments = [{ memberId, assignment: Buffer.from("all") }];
  const protocol = { protocolType: "consumer", protocolName: "range" };
  const synced = await client.ask(SyncGroup, 5, { groupId, memberId, generationId, assignments, ...protocol });
  assert.equal(synced.errorCode, ErrorCode.NONE);
  return { memberId, generationId };
}

test("rule 1: FindCoordinator makes __consumer_offsets and names this broker, one key or several", async () => {
  const under = await startBroker();
  const client = under.connect();
  assert.equal(under.broker.services.metadata.topic("__consumer_offsets"), undefined);
  for (let version = 0; version <= 6; version++) {
    const keys = version < 4 ? { key: "billing" } : { coordinatorKeys: ["billing", ""] };
    const answer = await client.ask(FindCoordinator, version, { keyType: 0, ...keys });
    const found = version < 4 ? [answer] : answer.coordinators;
    assert.equal(found.length, version < 4 ? 1 : 2);
    for (const { errorCode, nodeId, host, port } of found) {
      assert.deepEqual([errorCode, nodeId, host, port], [ErrorCode.NONE, 1, "broker.test", 9092]);
    }
    assert.deepEqual(
      answer.coordinators.map(({ key }) => key),
      version < 4 ? [] : ["billing", ""],
    );
  }
  assert.equal(under.broker.services.metadata.topic("__consumer_offsets")?.partitions.length, 50);
});

test("whatever keeps __consumer_offsets from being made, its coordinator is not available", async () => {
  const under = await startBroker({ config: { "offsets.topic.num.partitions": "20000" } });
  const { coordinators } = await under.connect().ask(FindCoordinator, 6, { keyType: 0, coordinatorKeys: ["a"] });
  assert.deepEqual([coordinators[0]!.errorCode, coordinators[0]!.nodeId], [ErrorCode.COORDINATOR_NOT_AVAILABLE, -1]);
});

test("a key of an unknown type has no coordinator", async () => {
  const under = await startBroker();
  for (const keyType of [2, 9]) {
    const { coordinators } = await under.connect().ask(FindCoordinator, 6, { keyType, coordinatorKeys: ["a"] });
    assert.deepEqual([coordinators[0]!.errorCode, coordinators[0]!.nodeId], [ErrorCode.INVALID_REQUEST, -1]);
  }
});

test("before anybody asked for a coordinator there is none: NOT_COORDINATOR, in each API's own place", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const client = under.connect();
  const notHere = ErrorCode.NOT_COORDINATOR;
  const joined = await client.ask(JoinGroup, 9, joinOf("billing", "a"));
  assert.deepEqual([joined.errorCode, joined.memberId, joined.generationId], [notHere, "a", -1]);
  const member = { groupId: "billing", memberId: "a", generationId: 1 };
  const protocol = { protocolType: "consumer", protocolName: "range" };
  assert.equal((await client.ask(SyncGroup, 5, { ...member, assignments: [], ...protocol })).errorCode, notHere);
  assert.equal((await client.ask(Heartbeat, 4, member)).errorCode, notHere);
  assert.equal(
    (await client.ask(LeaveGroup, 5, { groupId: "billing", members: [{ memberId: "a" }] })).errorCode,
    notHere,
  );
  const described = await client.ask(DescribeGroups, 6, { groups: ["billing"], includeAuthorizedOperations: false });
  assert.equal(described.groups[0]!.errorCode, notHere);
  assert.equal((await client.ask(DeleteGroups, 2, { groupsNames: ["billing"] })).results[0]!.errorCode, notHere);
  const consumer = await client.ask(ConsumerGroupDescribe, 1, {
    groupIds: ["billing"],
    includeAuthorizedOperations: false,
  });
  assert.equal(consumer.groups[0]!.errorCode, notHere);
  assert.deepEqual((await client.ask(ListGroups, 5, { statesFilter: [], typesFilter: [] })).groups, []);
  // Rule 3 goes before.
  assert.equal((await client.ask(JoinGroup, 9, joinOf("", "a"))).errorCode, ErrorCode.INVALID_GROUP_ID);
});

test("a member joins, syncs, heartbeats and leaves in every version of the four", async () => {
  const under = await startWithCoordinator();
  for (let version = 0; version <= 9; version++) {
    const client = under.connect();
    const groupId = `group-${version}`;
    const joined = await join(under, client, version, groupId);
    assert.equal(joined.errorCode, ErrorCode.NONE);
    assert.deepEqual([joined.generationId, joined.protocolName, joined.leader], [1, "range", joined.memberId]);
    assert.equal(joined.protocolType, version < 7 ? null : "consumer");
    assert.deepEqual(
      joined.members.map(({ metadata }) => Buffer.from(metadata).toString()),
      ["orders"],
    );

    const { memberId, generationId } = joined;
    const assignments = [{ memberId, assignment: Buffer.from("all of orders") }];
    const protocol = { protocolType: "consumer", protocolName: "range" };
    const member = { groupId, memberId, generationId };
    const synced = await client.ask(SyncGroup, Math.min(version, 5), {
      ...member,
      assignments,
      ...(version < 5 ? {} : protocol),
    });
    assert.equal(synced.errorCode, ErrorCode.NONE);
    assert.equal(Buffer.from(synced.assignment).toString(), "all of orders");

    assert.equal((await client.ask(Heartbeat, Math.min(version, 4), member)).errorCode, ErrorCode.NONE);
    const leaving = version < 3 ? { memberId } : { members: [{ memberId }] };
    const left = await client.ask(LeaveGroup, Math.min(version, 5), { groupId, ...leaving });
    assert.equal(left.errorCode, ErrorCode.NONE);
    assert.deepEqual(
      left.members.map(({ errorCode }) => errorCode),
      version < 3 ? [] : [ErrorCode.NONE],
    );
    assert.equal((await client.ask(Heartbeat, Math.min(version, 4), member)).errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
  }
});

test("an error of JoinGroup has an empty protocol before v7, where it could not be null", async () => {
  const under = await startWithCoordinator();
  for (let version = 0; version <= 9; version++) {
    const joined = await under.connect().ask(JoinGroup, version, joinOf("billing", "nobody"));
    assert.equal(joined.errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
    assert.deepEqual([joined.protocolName, joined.memberId], [version < 7 ? "" : null, "nobody"]);
  }
});

test("rule 3: an empty group id is refused by JoinGroup, SyncGroup, Heartbeat and LeaveGroup", async () => {
  const under = await startWithCoordinator();
  const client = under.connect();
  const member = { groupId: "", memberId: "a", generationId: 1 };
  const protocol = { protocolType: "consumer", protocolName: "range" };
  const errors = [
    await client.ask(JoinGroup, 9, joinOf("", "a")),
    await client.ask(SyncGroup, 5, { ...member, assignments: [], ...protocol }),
    await client.ask(Heartbeat, 4, member),
    await client.ask(LeaveGroup, 5, { groupId: "", members: [{ memberId: "a" }] }),
    await client.ask(LeaveGroup, 0, { groupId: "", memberId: "a" }),
  ].map(({ errorCode }) => errorCode);
  assert.deepEqual(errors, Array(5).fill(ErrorCode.INVALID_GROUP_ID));
});

test("rule 19: SyncGroup v5 without its protocol is refused before the group is looked at", async () => {
  const under = await startWithCoordinator();
  const ask = (version: number, more: object) =>
    under.connect().ask(SyncGroup, version, { groupId: "", memberId: "a", generationId: 1, assignments: [], ...more });
  for (const more of [{}, { protocolType: "consumer" }, { protocolName: "range" }]) {
    assert.equal((await ask(5, more)).errorCode, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
  assert.equal((await ask(4, {})).errorCode, ErrorCode.INVALID_GROUP_ID);
});

test("rule 2: while a shard loads heartbeats are well, and all else is COORDINATOR_LOAD_IN_PROGRESS", async () => {
  const under = await startWithCoordinator();
  const loading = { ok: false, errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS } as const;
  const shards = under.broker.services.groups as { submit: unknown };
  shards.submit = async () => loading;
  const client = under.connect();
  const { groupId, memberId, generationId } = { groupId: "billing", memberId: "a", generationId: 1 };
  assert.equal((await client.ask(Heartbeat, 4, { groupId, memberId, generationId })).errorCode, ErrorCode.NONE);
  assert.equal((await client.ask(JoinGroup, 9, joinOf(groupId, memberId))).errorCode, loading.errorCode);
  const listed = await client.ask(ListGroups, 5, { statesFilter: [], typesFilter: [] });
  assert.deepEqual([listed.errorCode, listed.groups], [loading.errorCode, []]);
});

test("rule 43: ListGroups asks all shards, and filters by state and type without regard to case", async () => {
  const under = await startWithCoordinator();
  await createTopic(under, "orders");
  const client = under.connect();
  await stableGroup(under, client, "billing");
  const offsets = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }];
  const topics = [{ name: "orders", partitions: offsets }];
  await client.ask(OffsetCommit, 9, { groupId: "shipping", memberId: "", topics });
  const list = async (statesFilter: string[], typesFilter: string[]) => {
    const { groups } = await client.ask(ListGroups, 5, { statesFilter, typesFilter });
    return groups.map(({ groupId }) => groupId).sort();
  };
  assert.deepEqual(await list([], []), ["billing", "shipping"]);
  assert.deepEqual(await list(["stable"], []), ["billing"]);
  assert.deepEqual(await list(["EMPTY", "bogus"], ["Classic"]), ["shipping"]);
  assert.deepEqual(await list([], ["consumer"]), []);
  assert.deepEqual(await list(["bogus"], []), []);
  const { groups } = await client.ask(ListGroups, 0, {});
  assert.deepEqual(groups.map(({ groupId, protocolType }) => `${groupId}:${protocolType}`).sort(), [
    "billing:consumer",
    "shipping:",
  ]);
});

test("DescribeGroups joins what the shards tell; operations are told to who asks (KIP-430)", async () => {
  const under = await startWithCoordinator();
  const client = under.connect();
  const { memberId } = await stableGroup(under, client, "billing");
  for (let version = 0; version <= 6; version++) {
    const includeAuthorizedOperations = version >= 3;
    const { groups } = await client.ask(DescribeGroups, version, {
      groups: ["billing", "nope"],
      includeAuthorizedOperations,
    });
    const [billing, nope] = groups;
    assert.deepEqual([billing!.groupId, billing!.groupState, billing!.protocolData], ["billing", "Stable", "range"]);
    assert.equal(billing!.authorizedOperations, version < 3 ? -2147483648 : 3400);
    const [member] = billing!.members;
    assert.deepEqual([member!.memberId, member!.clientId, member!.clientHost], [memberId, "client", "/127.0.0.1"]);
    assert.equal(nope!.groupState, "Dead");
    assert.equal(nope!.errorCode, version < 6 ? ErrorCode.NONE : ErrorCode.GROUP_ID_NOT_FOUND);
    assert.equal(nope!.errorMessage, version < 6 ? null : "Group nope not found.");
    assert.equal(nope!.authorizedOperations, version < 3 || version === 6 ? -2147483648 : 3400);
  }
});

test("DeleteGroups: with members, unknown, done; a group named twice is told once (rule 40)", async () => {
  const under = await startWithCoordinator();
  const client = under.connect();
  const { memberId } = await stableGroup(under, client, "billing");
  const remove = async (...groupsNames: string[]) => {
    const { results } = await client.ask(DeleteGroups, 2, { groupsNames });
    return results.map(({ groupId, errorCode }) => `${groupId} ${errorCode}`);
  };
  assert.deepEqual(await remove("billing", "nope", "nope"), ["billing 68", "nope 69"]);
  await client.ask(LeaveGroup, 5, { groupId: "billing", members: [{ memberId }] });
  assert.deepEqual(await remove("billing"), ["billing 0"]);
  assert.deepEqual(await remove("billing"), ["billing 69"]);
});

test("ConsumerGroupDescribe: no group here is a consumer group of KIP-848", async () => {
  const under = await startWithCoordinator();
  const client = under.connect();
  await stableGroup(under, client, "billing");
  const ids = { groupIds: ["billing", "nope", ""], includeAuthorizedOperations: true };
  const { groups } = await client.ask(ConsumerGroupDescribe, 1, ids);
  assert.deepEqual(
    groups.map(({ errorCode, errorMessage }) => [errorCode, errorMessage]),
    [
      [ErrorCode.GROUP_ID_NOT_FOUND, "Group billing is not a consumer group."],
      [ErrorCode.GROUP_ID_NOT_FOUND, "Group nope not found."],
      [ErrorCode.INVALID_GROUP_ID, null],
    ],
  );
});
