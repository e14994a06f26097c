/** What the broker does wrong when told to, seen from clients. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CommitFailedError, Kafka } from "../../src/client/index.ts";
import { type ErrorName, startBroker, type TestBroker } from "../../src/testing/index.ts";
import { startMember, three } from "./members.ts";

const quickRetries = { "retry.backoff.ms": 5, "reconnect.backoff.ms": 5 };

function clientOf(kafka: TestBroker, clientId = "worker") {
  return new Kafka({ bootstrapServers: kafka.bootstrapServers, clientId, ...quickRetries });
}

test("a commit fails once with the error named, and the broker has not done it", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await kafka.topic("orders").produce(three);
  const fault = kafka.on("OffsetCommit", { group: "billing" }).once().fail("ILLEGAL_GENERATION");
  await using consumer = clientOf(kafka).consumer({
    groupId: "billing",
    autoOffsetReset: "earliest",
    enableAutoCommit: false,
  });
  await consumer.subscribe("orders");
  for await (const _record of consumer) break;
  await assert.rejects(consumer.commit(), CommitFailedError);
  assert.equal(fault.hits, 1);
  assert.deepEqual((await kafka.group("billing").view()).offsets, {});
  const [failed] = kafka.requests({ api: "OffsetCommit", error: "ILLEGAL_GENERATION" });
  assert.equal(failed?.fault, "fail ILLEGAL_GENERATION");
});

test("every API that a client meets can fail", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  const retriable = {
    ...{ Produce: "NOT_LEADER_OR_FOLLOWER", Fetch: "NOT_LEADER_OR_FOLLOWER", ListOffsets: "LEADER_NOT_AVAILABLE" },
    ...{ FindCoordinator: "COORDINATOR_NOT_AVAILABLE", JoinGroup: "COORDINATOR_LOAD_IN_PROGRESS" },
    ...{ SyncGroup: "REBALANCE_IN_PROGRESS", OffsetFetch: "NOT_COORDINATOR", OffsetCommit: "REQUEST_TIMED_OUT" },
    ...{ Metadata: "LEADER_NOT_AVAILABLE", InitProducerId: "COORDINATOR_LOAD_IN_PROGRESS" },
  } as const;
  const faults = Object.entries(retriable).map(([api, error]) => {
    return [
      api,
      kafka
        .on(api)
        .once()
        .fail(error as ErrorName),
    ] as const;
  });
  await using producer = clientOf(kafka).producer();
  await producer.send({ topic: "orders", value: "one" });
  await using member = await startMember(kafka, { config: { ...quickRetries, autoCommitIntervalMs: 10 } });
  await kafka.topic("orders").consumed("billing");
  assert.deepEqual(member.values, ["one"]);
  for (const [api, fault] of faults) assert.equal(fault.hits, 1, api);
});

test("an API that the broker does not know is refused, and never just not met", async () => {
  await using kafka = await startBroker();
  const unknown = {
    name: "RangeError",
    message: /^OffsetComit: the broker knows no such API; it knows .*OffsetCommit,/,
  };
  assert.throws(() => kafka.on("OffsetComit"), unknown);
  assert.throws(() => kafka.requests({ api: "OffsetComit" }), unknown);
  await assert.rejects(kafka.requested({ api: "OffsetComit" }), unknown);
});

test("an error that is none of Kafka's is refused", async () => {
  await using kafka = await startBroker();
  assert.throws(() => kafka.on("Fetch").fail("NO_SUCH_ERROR" as ErrorName), /NO_SUCH_ERROR is no error of Kafka's/);
});

test("a request is delayed by the broker's clock", async () => {
  await using kafka = await startBroker({ clock: "virtual" });
  kafka.on("Metadata").once().delay("5s");
  await using admin = clientOf(kafka).admin();
  let isAnswered = false;
  const topics = admin.listTopics().then(() => {
    isAnswered = true;
  });
  await kafka.requested({ api: "Metadata" });
  await kafka.clock.advance("4900ms");
  assert.equal(isAnswered, false);
  await kafka.clock.advance("200ms");
  await topics;
  const [delayed] = kafka.requests({ api: "Metadata", where: ({ fault }) => fault === "delay 5s" });
  assert.equal(delayed?.tookMs, 5000);
});

test("a request is held until the test lets it go", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await using producer = clientOf(kafka).producer();
  const held = kafka.on("Produce").hold();
  const sent = producer.send({ topic: "orders", value: "one" });
  await held.hit();
  assert.deepEqual(kafka.topic("orders").endOffsets(), [0]);
  held.release();
  await sent;
  assert.deepEqual(kafka.topic("orders").endOffsets(), [1]);
});

test("a connection is dropped after the work was done: an idempotent producer stores the record once", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await using producer = clientOf(kafka).producer();
  const fault = kafka.on("Produce").once().drop("after");
  await producer.send({ topic: "orders", value: "one" });
  assert.equal(fault.hits, 1);
  assert.deepEqual(kafka.topic("orders").endOffsets(), [1]);
  const outcomes = kafka.requests({ api: "Produce" }).map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ["dropped", "answered"]);
});

test("a client whose requests disappear loses its place, and finds back when the fault ends", async () => {
  await using kafka = await startBroker({ topics: { orders: 2 } });
  const config = { sessionTimeoutMs: 700, heartbeatIntervalMs: 100, ...quickRetries };
  await using _near = await startMember(kafka, { clientId: "near", config });
  await using _far = await startMember(kafka, { clientId: "far", config });
  const { generation } = await kafka.group("billing").stable({ members: 2 });
  {
    using fault = kafka.blackHole("far");
    const alone = await kafka.group("billing").stable({ members: 1 });
    assert.equal(alone.members[0]?.clientId, "near");
    assert.ok(fault.hits > 0);
    const swallowed = kafka.requests({ clientId: "far", where: ({ outcome }) => outcome === "swallowed" });
    assert.equal(swallowed.length, fault.hits);
  }
  const both = await kafka.group("billing").stable({ members: 2 });
  assert.ok(both.generation > generation + 1);
});

test("an answer in another version than was asked for does not harm our client", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  const fault = kafka.on("ListOffsets").once().answerInVersion(1);
  await using admin = clientOf(kafka).admin();
  const latest = { topic: "orders", partition: 0, at: "latest" } as const;
  assert.equal((await admin.listOffsets([latest]))[0]?.offset, 0);
  assert.equal(fault.hits, 1);
});

test("a client is told to slow down, and one that does not is looked at later", async () => {
  await using kafka = await startBroker({ topics: ["orders"], clock: "virtual" });
  await using admin = clientOf(kafka).admin();
  const fault = kafka.on("DescribeConfigs").once().throttle("10s");
  await admin.describeConfigs([{ type: "topic", name: "orders" }]);
  assert.equal(fault.hits, 1);
  const next = admin.describeConfigs([{ type: "topic", name: "orders" }]);
  await kafka.requested({ api: "DescribeConfigs" }, { times: 2 });
  await kafka.clock.advance("9s");
  assert.equal(kafka.requests({ api: "DescribeConfigs" }).at(-1)?.outcome, "pending");
  await kafka.clock.advance("1s");
  assert.equal((await next).length, 1);
});

test("a fault that hits a client which was told to slow down is awaited, too", async () => {
  await using kafka = await startBroker({ topics: ["orders"], clock: "virtual" });
  await using admin = clientOf(kafka).admin();
  kafka.on("DescribeConfigs").once().throttle("10s");
  const ask = () => admin.describeConfigs([{ type: "topic", name: "orders" }]);
  await ask();
  const fault = kafka.on("DescribeConfigs").once().hold();
  const next = ask();
  const hit = fault.hit(1, { timeoutMs: 2000 });
  await kafka.requested({ api: "DescribeConfigs" }, { times: 2 });
  await kafka.clock.advance("10s");
  await hit;
  fault.release();
  assert.equal((await next).length, 1);
});

test("an answer can be changed at will", async () => {
  await using kafka = await startBroker({ topics: ["orders", "hidden"] });
  kafka.on("Metadata").answer((response) => ({
    ...response,
    topics: response.topics.filter(({ name }: { name: string }) => name !== "hidden"),
  }));
  await using admin = clientOf(kafka).admin();
  assert.deepEqual(
    (await admin.listTopics()).map(({ topic }) => topic),
    ["orders"],
  );
});

test("faults end by number, by hand and all at once, and may let some requests pass first", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  const second = kafka.on("Produce").skip(1).once().drop();
  await using producer = clientOf(kafka).producer();
  await producer.send({ topic: "orders", value: "one" });
  assert.equal(second.hits, 0);
  await producer.send({ topic: "orders", value: "two" });
  assert.equal(second.hits, 1);

  const always = kafka.on("Produce").drop();
  const others = kafka.on("Produce", { topic: "another" }).drop();
  const sent = producer.send({ topic: "orders", value: "three" });
  await always.hit(3);
  kafka.clearFaults();
  await sent;
  assert.equal(others.hits, 0);
  await assert.rejects(others.hit(1, { timeoutMs: 5 }), { name: "AwaitTimeoutError" });
});

for (const [name, begin] of [
  ["delayed", (kafka: TestBroker) => ({ fault: kafka.on("ListGroups").once().delay("5s"), release: () => {} })],
  ["held", (kafka: TestBroker) => hold(kafka)],
] as const) {
  test(`what was ${name} when the broker crashed is never answered, also not by the next`, async () => {
    await using kafka = await startBroker({ clock: "virtual" });
    const { fault, release } = begin(kafka);
    await using admin = clientOf(kafka).admin();
    const listed = admin.listGroups();
    await fault.hit();
    await kafka.crash();
    await kafka.restart();
    release();
    await listed; // its client has asked again
    await kafka.clock.advance("1m");
    const outcomes = kafka.requests({ api: "ListGroups" }).map(({ outcome }) => outcome);
    assert.deepEqual([outcomes[0], outcomes.at(-1)], ["pending", "answered"]);
  });
}

function hold(kafka: TestBroker) {
  const fault = kafka.on("ListGroups").once().hold();
  return { fault, release: () => fault.release() };
}
