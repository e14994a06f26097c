/** Heartbeats that wait (decision 0009): what goes over the wire, and what does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiVersions } from "../../src/protocol/apis/api-versions.ts";
import { DescribeGroups } from "../../src/protocol/apis/describe-groups.ts";
import { Heartbeat } from "../../src/protocol/apis/heartbeat.ts";
import { JoinGroup } from "../../src/protocol/apis/join-group.ts";
import { LeaveGroup } from "../../src/protocol/apis/leave-group.ts";
import { SyncGroup } from "../../src/protocol/apis/sync-group.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { type BrokerUnderTest, type Client, isParked, openCoordinator, startBroker } from "./harness.ts";

const groupId = "billing";

async function startWithCoordinator(config: Readonly<Record<string, string>> = {}): Promise<BrokerUnderTest> {
  const under = await startBroker({ config });
  await openCoordinator(under.connect());
  return under;
}

function joining({ connect }: BrokerUnderTest, memberId = "") {
  const protocols = [{ name: "range", metadata: Buffer.from("orders") }];
  const terms = { sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 60_000, protocolType: "consumer", protocols };
  return connect().ask(JoinGroup, 3, { groupId, memberId, ...terms });
}

async function synced(client: Client, memberId: string, generationId: number): Promise<void> {
  const assignments = [{ memberId, assignment: Buffer.from("all") }];
  const answer = await client.ask(SyncGroup, 3, { groupId, memberId, generationId, assignments });
  assert.equal(answer.errorCode, ErrorCode.NONE);
}

/** A group of one, Stable. */
async function stableGroup(under: BrokerUnderTest): Promise<string> {
  const joined = joining(under);
  await under.clock.advance(0);
  const { memberId } = await joined;
  await synced(under.connect(), memberId, 1);
  return memberId;
}

function beat(client: Client, memberId: string, maxWaitMs: number, version = 4) {
  return client.ask(Heartbeat, version, { groupId, memberId, generationId: 1, maxWaitMs });
}

async function membersOf(under: BrokerUnderTest): Promise<readonly string[]> {
  const { groups } = await under.connect().ask(DescribeGroups, 5, { groups: [groupId] });
  return groups[0]!.members.map(({ memberId }) => memberId);
}

const software = { clientSoftwareName: "test", clientSoftwareVersion: "1.0" };

async function features({ connect }: BrokerUnderTest, version: number) {
  const { supportedFeatures } = await connect().ask(ApiVersions, version, software);
  return new Map(supportedFeatures.map(({ name, minVersion, maxVersion }) => [name, [minVersion, maxVersion]]));
}

test("that heartbeats wait is told among the features, in a form that older clients read (KAFKA-17011)", async () => {
  const under = await startBroker();
  for (const version of [3, 4]) {
    assert.deepEqual((await features(under, version)).get("regroup.heartbeat.wait"), [1, 1]);
  }
  const { supportedFeatures } = await under.connect().ask(ApiVersions, 2, software);
  assert.deepEqual(supportedFeatures, []);
});

test("group.heartbeat.max.wait.ms 0: nothing waits, and nothing is promised", async () => {
  const under = await startWithCoordinator({ "group.heartbeat.max.wait.ms": "0" });
  assert.ok(!(await features(under, 4)).has("regroup.heartbeat.wait"));
  const memberId = await stableGroup(under);
  assert.equal((await beat(under.connect(), memberId, 5000)).errorCode, ErrorCode.NONE);
});

for (const [what, config, maxWaitMs, waitedMs] of [
  ["what the client allows", {}, 4000, 4000],
  ["a third of the session", {}, 60_000, 10_000],
  ["group.heartbeat.max.wait.ms", { "group.heartbeat.max.wait.ms": "7000" }, 60_000, 7000],
  ["half of connections.max.idle.ms", { "connections.max.idle.ms": "3000" }, 60_000, 1500],
] as const) {
  test(`nothing happens: a heartbeat is held back for ${what}, then NONE`, async () => {
    const under = await startWithCoordinator(config);
    const memberId = await stableGroup(under);
    const answer = beat(under.connect(), memberId, maxWaitMs);
    await under.clock.advance(waitedMs - 1);
    assert.ok(await isParked(answer));
    await under.clock.advance(1);
    assert.equal((await answer).errorCode, ErrorCode.NONE);
  });
}

test("a client that does not ask for it, or cannot in its version, is answered at once", async () => {
  const under = await startWithCoordinator();
  const memberId = await stableGroup(under);
  for (const [version, maxWaitMs] of [
    [4, 0],
    [4, -1],
    [3, 5000],
    [0, 5000],
  ] as const) {
    assert.equal((await beat(under.connect(), memberId, maxWaitMs, version)).errorCode, ErrorCode.NONE);
  }
});

test("a join, a leave and the end of the broker are told at once to those who wait", async () => {
  const under = await startWithCoordinator();
  const memberId = await stableGroup(under);
  const client = under.connect();
  let answer = beat(client, memberId, 60_000);
  assert.ok(await isParked(answer));
  const other = joining(under);
  assert.equal((await answer).errorCode, ErrorCode.REBALANCE_IN_PROGRESS);

  await Promise.all([joining(under, memberId), other]);
  await synced(under.connect(), memberId, 2);
  answer = client.ask(Heartbeat, 4, { groupId, memberId, generationId: 2, maxWaitMs: 60_000 });
  assert.ok(await isParked(answer));
  await under.connect().ask(LeaveGroup, 1, { groupId, memberId: (await other).memberId, members: [] });
  assert.equal((await answer).errorCode, ErrorCode.REBALANCE_IN_PROGRESS);

  assert.equal((await joining(under, memberId)).errorCode, ErrorCode.NONE);
  await synced(under.connect(), memberId, 3);
  answer = client.ask(Heartbeat, 4, { groupId, memberId, generationId: 3, maxWaitMs: 60_000 });
  assert.ok(await isParked(answer));
  await under.broker.stop();
  assert.equal((await answer).errorCode, ErrorCode.NOT_COORDINATOR);
});

test("whose connection closes while its heartbeat waits is out a session after that heartbeat came", async () => {
  const under = await startWithCoordinator();
  const memberId = await stableGroup(under);
  await under.clock.advance(5000);
  const client = under.connect();
  client.send(Heartbeat, 4, { groupId, memberId, generationId: 1, maxWaitMs: 60_000 });
  await under.clock.advance(1000);
  client.leave();
  await under.clock.advance(28_999);
  assert.deepEqual(await membersOf(under), [memberId]);
  await under.clock.advance(1);
  assert.deepEqual(await membersOf(under), []);
});

test("a member that waits over another connection as well has given up the first wait", async () => {
  const under = await startWithCoordinator();
  const memberId = await stableGroup(under);
  const [first, second] = [beat(under.connect(), memberId, 60_000), beat(under.connect(), memberId, 60_000)];
  assert.equal((await first).errorCode, ErrorCode.NONE);
  assert.ok(await isParked(second));
});
