/** States that a test awaits in place of sleeping. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AwaitTimeoutError, startBroker } from "../../src/testing/index.ts";
import { startMember, three } from "./members.ts";

test("a group is awaited Stable with so many members, in a generation, and Empty", async () => {
  await using kafka = await startBroker({ topics: { orders: 2 } });
  const group = kafka.group("billing");
  await using first = await startMember(kafka);
  const alone = await group.stable({ members: 1 });
  assert.deepEqual(alone.members[0]?.partitions, { orders: [0, 1] });
  assert.equal(alone.members[0]?.clientId, "a");

  await using second = await startMember(kafka, { clientId: "b" });
  const both = await group.stable({ members: 2, partitions: 2 });
  assert.deepEqual(both.members.flatMap(({ partitions }) => partitions.orders).sort(), [0, 1]);
  assert.equal((await group.generation(both.generation)).generation, both.generation);

  await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()]);
  assert.deepEqual((await group.empty()).members, []);
});

test("offsets are awaited, of one partition or of a whole topic", async () => {
  await using kafka = await startBroker({ topics: { orders: 2 } });
  await kafka.topic("orders").produce(three);
  await kafka.topic("orders").produce([{ value: "four", key: "k", partition: 1 }]);
  assert.deepEqual(kafka.topic("orders").endOffsets(), [3, 1]);
  await using member = await startMember(kafka, { config: { autoCommitIntervalMs: 10 } });
  assert.ok((await kafka.group("billing").committed("orders", 0, 3)).offsets.orders![0]! >= 3);
  assert.deepEqual((await kafka.topic("orders").consumed("billing")).offsets, { orders: { 0: 3, 1: 1 } });
  assert.deepEqual(member.values.toSorted(), ["four", "one", "three", "two"]);
});

test("a state that does not come is told with the group, its rebalances and its last requests", async () => {
  await using kafka = await startBroker({ topics: { orders: 2 } });
  await using _member = await startMember(kafka, { clientId: "worker" });
  await kafka.group("billing").stable({ members: 1 });
  const error: unknown = await kafka
    .group("billing")
    .stable({ members: 3, timeoutMs: 20 })
    .catch((thrown) => thrown);
  assert.ok(error instanceof AwaitTimeoutError);
  assert.match(error.message, /^awaited group billing Stable with 3 members: not within 20 ms\n/);
  assert.match(error.message, /group billing is Stable in generation 1, 1 member\n/);
  assert.match(error.message, /worker-\S+ \(client worker\): owns orders 0 1\n/);
  assert.match(error.message, /committed: nothing\nlately 1 rebalance:\n {2}generation 0 to 1: 1 member/);
  assert.match(error.message, /\d\d:\d\d:\d\d\.\d{3} worker SyncGroup v\d: answered/);
});

test("a group that nobody has joined is Dead, and is not Empty", async () => {
  await using kafka = await startBroker();
  assert.equal((await kafka.group("none").view()).state, "Dead");
  await assert.rejects(kafka.group("none").empty({ timeoutMs: 5 }), /group none is Dead in generation 0, 0 members/);
});

test("every rebalance is told with its reason, what moved and how long it took", async () => {
  await using kafka = await startBroker({ topics: { orders: 4 } });
  await using _first = await startMember(kafka);
  await kafka.group("billing").stable({ members: 1 });
  await using second = await startMember(kafka, { clientId: "b" });
  await kafka.group("billing").stable({ members: 2 });
  await second[Symbol.asyncDispose]();
  await kafka.group("billing").stable({ members: 1 });

  const rebalances = kafka.rebalances("billing");
  assert.deepEqual(kafka.rebalances("other"), []);
  assert.deepEqual(rebalances[0]!.movedPartitions, 4);
  const joined = rebalances.find(({ joined: ids }) => ids.some((id) => id.startsWith("b-")))!;
  assert.equal(joined.members, 2);
  const left = rebalances.find(({ left: ids }) => ids.some((id) => id.startsWith("b-")))!;
  assert.equal(left.members, 1);
  assert.match(left.reason, /left|leav/);
  assert.ok(rebalances.every(({ downtimeMs }) => downtimeMs >= 0 && downtimeMs < 10_000));
});

test("requests are told by API, group, topic, client and error", async () => {
  await using kafka = await startBroker({ topics: { orders: 1 } });
  await kafka.topic("orders").produce(three);
  await using _member = await startMember(kafka, { clientId: "worker", config: { autoCommitIntervalMs: 10 } });
  await kafka.topic("orders").consumed("billing");
  const [commit] = kafka.requests({ api: "OffsetCommit", group: "billing", topic: "orders", clientId: "worker" });
  assert.equal(commit?.outcome, "answered");
  assert.deepEqual([commit?.errors, commit?.groups, commit?.topics], [[], ["billing"], ["orders"]]);
  assert.equal(commit?.body?.groupId, "billing");
  assert.deepEqual(kafka.requests({ clientId: "another" }), []);
  assert.ok(kafka.requests({ api: "Fetch", topic: "orders" }).length > 0, "also by topic id");
  assert.ok(kafka.requests({ error: "MEMBER_ID_REQUIRED" }).every(({ api }) => api === "JoinGroup"));
  const [join] = kafka.requests({ api: "JoinGroup" });
  const [protocol] = join!.body!.protocols as [{ readonly metadata: Uint8Array }];
  assert.equal(protocol.metadata.buffer.byteLength, protocol.metadata.length, "no more than its bytes is kept");
  kafka.forget();
  assert.deepEqual(kafka.rebalances(), []);
});
