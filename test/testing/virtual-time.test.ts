/** Time that moves when told: sessions, retention and delays without waiting. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Kafka as KafkaJS, logLevel } from "kafkajs";
import { startBroker, type TestBroker } from "../../src/testing/index.ts";
import { startMember } from "./members.ts";

/** A member whose heartbeats come by the machine's clock. */
async function startOldMember(kafka: TestBroker) {
  const client = new KafkaJS({ brokers: kafka.brokers, clientId: "js", logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: "billing", sessionTimeout: 45_000, heartbeatInterval: 3000 });
  await consumer.connect();
  await consumer.subscribe({ topic: "orders" });
  await consumer.run({ eachMessage: async () => {} });
  await kafka.group("billing").stable({ members: 1 });
  return { [Symbol.asyncDispose]: () => consumer.disconnect() };
}

test("a session of 45 s expires in a moment", async () => {
  await using kafka = await startBroker({ topics: ["orders"], clock: "virtual" });
  await using _member = await startOldMember(kafka);
  using _silence = kafka.blackHole("js");
  const beganMs = performance.now();
  await kafka.clock.advance("40s");
  assert.equal((await kafka.group("billing").view()).members.length, 1);
  await kafka.clock.advance("5s");
  await kafka.group("billing").empty();
  assert.ok(performance.now() - beganMs < 2000);
  assert.match(kafka.rebalances("billing").at(-1)!.reason, /session|heartbeat/);
});

test("a member of our client, whose heartbeats wait at the broker, is lost behind a black hole", async () => {
  await using kafka = await startBroker({ topics: ["orders"], clock: "virtual" });
  await using _member = await startMember(kafka, { config: { retryBackoffMs: 5 } });
  await kafka.group("billing").stable({ members: 1 });
  using _silence = kafka.blackHole("a");
  await kafka.clock.advance("2m");
  await kafka.group("billing").empty();
});

test("members whose timers move along keep their sessions", async () => {
  const tick = (ms: number) => mock.timers.tick(ms);
  await using kafka = await startBroker({ topics: ["orders"], clock: "virtual", tick });
  const member = await startOldMember(kafka);
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: Date.now() });
  const mocked = globalThis.setTimeout; // kafkajs asks for timers in the past, with which Node's mock never ends
  const inFuture = (callback: () => void, ms?: number) => mocked(callback, Math.max(1, ms ?? 1));
  globalThis.setTimeout = inFuture as typeof globalThis.setTimeout;
  try {
    await kafka.clock.advance("3m");
    const group = await kafka.group("billing").view();
    assert.deepEqual([group.state, group.generation, group.members.length], ["Stable", 1, 1]);
    assert.ok(kafka.requests({ api: "Heartbeat", clientId: "js" }).length >= 20);
    const closed = member[Symbol.asyncDispose]();
    await kafka.clock.advance("10s"); // the client's own waits are in virtual time too
    await closed;
  } finally {
    mock.timers.reset();
  }
});

test("the initial rebalance delay and retention pass as told", async () => {
  const config = { "group.initial.rebalance.delay.ms": 3000, "log.retention.check.interval.ms": 60_000 };
  await using kafka = await startBroker({ clock: "virtual", config });
  await kafka.createTopic("orders", { configs: { "retention.ms": "60000", "segment.ms": "1000" } });
  await using _member = await startMember(kafka);
  await kafka.requested({ api: "JoinGroup" });
  await kafka.clock.advance("2s");
  assert.notEqual((await kafka.group("billing").view()).state, "Stable");
  await kafka.clock.advance("2s");
  await kafka.group("billing").stable({ members: 1 });
});

test("real time cannot be advanced, and what is no duration is refused", async () => {
  await using real = await startBroker();
  await assert.rejects(real.clock.advance("1s"), /start it with clock: 'virtual'/);
  await using virtual = await startBroker({ clock: "virtual" });
  await assert.rejects(async () => virtual.clock.advance("1 fortnight"), /"1 fortnight" is no duration/);
  await assert.rejects(startBroker({ tick: () => {} }), /tick moves with virtual time only/);
});

test("the same seed gives the same ids", async () => {
  const ids = async (seed: number) => {
    await using kafka = await startBroker({ topics: ["orders"], clock: "virtual", seed });
    await using _member = await startMember(kafka);
    return (await kafka.group("billing").stable({ members: 1 })).members[0]!.memberId;
  };
  assert.equal(await ids(7), await ids(7));
  assert.notEqual(await ids(7), await ids(8));
});
