import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { after, suite, test } from "node:test";
import type { RebalanceEvent } from "../../../src/client/diagnostics.ts";
import { Kafka } from "../../../src/client/kafka.ts";
import { definitions } from "../../../src/client/metrics/definitions.ts";
import type { Metric } from "../../../src/client/metrics/metric.ts";
import { until } from "../../interop/support/until.ts";
import { startTestBroker, unique } from "../broker.ts";
import { reading, take, testClient } from "../support/consumers.ts";

const bootstrapServers = await startTestBroker();
const client = testClient(bootstrapServers);
const pace = { heartbeatIntervalMs: 50 };

/** All points of that name, as "attributes that not all have: value". */
function pointsOf(metrics: readonly Metric[], name: string): Record<string, number> {
  const common = ["messaging.system", "messaging.client.id", "messaging.consumer.group.name"];
  return Object.fromEntries(
    metrics
      .filter((metric) => metric.name === name)
      .map((metric) => {
        const own = Object.entries(metric.attributes).filter(([key]) => !common.includes(key));
        return [own.map(([, value]) => value).join(" "), metric.type === "histogram" ? metric.count : metric.value];
      }),
  );
}

const totalOf = (metrics: readonly Metric[], name: string): number | undefined => pointsOf(metrics, name)[""];

/** Every name of the table, and none beside. */
function undefinedNames(metrics: readonly Metric[], kind: string): string[] {
  const known = new Set(Object.keys(definitions).map((name) => name.replace("{client}", kind)));
  return metrics.map(({ name }) => name).filter((name) => !known.has(name));
}

function missingNames(metrics: readonly Metric[], kind: "producer" | "consumer"): string[] {
  const told = new Set(metrics.map(({ name }) => name));
  const other = kind === "producer" ? /^(org\.apache\.kafka|regroup)\.consumer|consumed/ : /\.producer\.|sent/;
  return Object.keys(definitions)
    .filter((name) => !other.test(name))
    .map((name) => name.replace("{client}", kind))
    .filter((name) => !told.has(name));
}

suite("a producer's metrics", () => {
  test("records sent by topic, requests by node, memory: every metric of the table", async () => {
    const topic = await client.topic([], []);
    await using producer = new Kafka({ bootstrapServers, clientId: "billing" }).producer();
    await producer.sendBatch(Array.from({ length: 7 }, (_, index) => ({ topic, value: `${index}` })));
    const metrics = producer.metrics();
    assert.deepEqual(pointsOf(metrics, "messaging.client.sent.messages"), { [topic]: 7 });
    assert.equal(totalOf(metrics, "org.apache.kafka.producer.record.send.total"), 7);
    assert.equal(totalOf(metrics, "org.apache.kafka.producer.record.error.total"), 0);
    const [total, available] = ["total", "available"].map((which) =>
      totalOf(metrics, `org.apache.kafka.producer.buffer.${which}.bytes`),
    );
    assert.equal(total, available, "all is settled");
    assert.ok(pointsOf(metrics, "messaging.client.operation.duration")["send send"]! >= 1);
    assert.ok(totalOf(metrics, "org.apache.kafka.producer.connection.count")! >= 1);
    assert.ok(metrics.every(({ attributes }) => attributes["messaging.client.id"] === "billing"));
    assert.deepEqual(undefinedNames(metrics, "producer"), []);
    assert.deepEqual(missingNames(metrics, "producer"), []);
  });

  test("records that fail are counted with the reason", async () => {
    const topic = await client.topic([]);
    const config = { maxRequestSize: 2_000_000, batchSize: 2_000_000 };
    await using producer = new Kafka({ bootstrapServers }).producer(config);
    await assert.rejects(producer.send({ topic, value: new Uint8Array(1_500_000) }));
    const sent = pointsOf(producer.metrics(), "messaging.client.sent.messages");
    assert.deepEqual(sent, { [`${topic} MESSAGE_TOO_LARGE`]: 1 });
    assert.equal(totalOf(producer.metrics(), "org.apache.kafka.producer.record.error.total"), 1);
  });

  test("tell how long its calls for transactions have taken, in nanoseconds (KIP-761)", async () => {
    const topic = await client.topic([]);
    await using producer = new Kafka({ bootstrapServers }).producer({ transactionalId: unique("timed") });
    const takenBy = (call: string) =>
      totalOf(producer.metrics(), `org.apache.kafka.producer.txn.${call}.time.ns.total`)!;
    const calls = ["init", "begin", "send.offsets", "commit", "abort"];
    assert.deepEqual(calls.map(takenBy), [0, 0, 0, 0, 0]);
    const group = { groupId: unique("g"), memberId: "", generationId: -1, groupInstanceId: null };
    const startMs = performance.now();
    await producer.transaction(async (tx) => {
      await tx.send({ topic, value: "v" });
      await tx.sendOffsets(group, { topic, partition: 0, offset: 1 });
    });
    assert.deepEqual(calls.map(takenBy).map(Math.sign), [1, 1, 1, 1, 0]);
    await (await producer.beginTransaction()).abort();
    const taken = calls.map(takenBy);
    assert.ok(taken[4]! > 0 && taken.every(Number.isInteger));
    assert.ok(taken.reduce((sum, ns) => sum + ns) / 1e6 <= performance.now() - startMs);
  });
});

suite("a consumer's metrics", () => {
  test("records and bytes by topic, lag by partition, rebalances: every metric of the table", async () => {
    const topic = await client.topic(["a", "b", "c"], ["d"]);
    await using consumer = client.consumer(unique("billing"), { ...pace, sessionTimeoutMs: 6000 });
    await consumer.subscribe(topic);
    await take(consumer, 4);
    await consumer.commit();
    await until("a heartbeat is answered", () => {
      return (totalOf(consumer.metrics(), "org.apache.kafka.consumer.coordinator.heartbeat.total") ?? 0) > 0;
    });
    const metrics = consumer.metrics();
    assert.deepEqual(pointsOf(metrics, "messaging.client.consumed.messages"), { [topic]: 4 });
    const fetchManager = "org.apache.kafka.consumer.fetch.manager";
    assert.ok(pointsOf(metrics, `${fetchManager}.bytes.consumed.total`)[topic]! > 4);
    assert.deepEqual(pointsOf(metrics, `${fetchManager}.records.lag`), { [`${topic} 0`]: 0, [`${topic} 1`]: 0 });
    assert.equal(totalOf(metrics, `${fetchManager}.records.lag.max`), 0);
    const coordinator = "org.apache.kafka.consumer.coordinator";
    assert.equal(totalOf(metrics, `${coordinator}.assigned.partitions`), 2);
    assert.equal(totalOf(metrics, `${coordinator}.rebalance.total`), 1);
    assert.equal(totalOf(metrics, `${coordinator}.failed.rebalance.total`), 0);
    assert.deepEqual(undefinedNames(metrics, "consumer"), []);
    assert.deepEqual(missingNames(metrics, "consumer"), []);
  });

  test("the pause of each partition in each rebalance goes into a histogram", async () => {
    const topic = await client.topic([], []);
    const groupId = unique("billing");
    const eager = { ...pace, partitionAssignmentStrategy: ["range"] } as const;
    await using first = client.consumer(groupId, eager);
    await first.subscribe(topic);
    reading(first);
    await until("it has both", () => first.assignment().length === 2);
    await using second = client.consumer(groupId, eager);
    await second.subscribe(topic);
    reading(second);
    await until("each has one", () => first.assignment().length === 1 && second.assignment().length === 1);
    assert.equal(totalOf(first.metrics(), "regroup.consumer.partition.pause"), 1, "the one that it got back");
    assert.equal(totalOf(second.metrics(), "regroup.consumer.partition.pause"), 0);
  });
});

suite("the rebalance channel", () => {
  const events: RebalanceEvent[] = [];
  const listener = (message: unknown) => void events.push(message as RebalanceEvent);
  subscribe("regroup.client.rebalance", listener);
  after(() => unsubscribe("regroup.client.rebalance", listener));

  test("tells reason, generations, revoked, assigned, lost, duration, and the pause of each partition", async () => {
    const topic = await client.topic([], [], []);
    const groupId = unique("billing");
    const ofGroup = () => events.filter(({ group }) => group === groupId);
    await using first = client.consumer(groupId, pace);
    await first.subscribe(topic);
    reading(first);
    await until("it has all", () => first.assignment().length === 3);
    const second = client.consumer(groupId, pace);
    await second.subscribe(topic);
    reading(second);
    await until("both have their part", () => first.assignment().length === 2 && second.assignment().length === 1);
    const { memberId } = first.groupMetadata();
    const completed = ofGroup().filter((event) => event.type === "MemberRebalanceCompleted");
    const [begun, gaveUp] = completed.filter((event) => event.memberId === memberId);
    assert.deepEqual(
      [begun?.reason, begun?.fromGeneration, begun?.toGeneration, begun?.assigned.length, begun?.pauses],
      ["the consumer subscribes", -1, 1, 3, []],
    );
    assert.ok(begun!.durationMs >= 0);
    assert.equal(begun!.clientId, "consumer-test");
    assert.equal(gaveUp!.reason, "the group is rebalancing");
    assert.deepEqual([gaveUp?.revoked.length, gaveUp?.assigned, gaveUp?.lost], [1, [], []]);
    assert.deepEqual(
      gaveUp!.pauses.map(({ pauseMs }) => pauseMs),
      [0, 0],
      "what it kept did not pause",
    );
    await second.close();
    const ended = ofGroup().find((event) => event.type === "MembershipEnded");
    assert.equal(ended?.reason, "the consumer is being closed");
  });
});

suite("kafka.metrics()", () => {
  test("tells of all clients that are open", async () => {
    const kafka = new Kafka({ bootstrapServers });
    const admin = kafka.admin({ clientId: "an admin" });
    await using producer = kafka.producer({ clientId: "a producer" });
    const topic = await client.topic([]);
    await producer.send({ topic, value: "v" });
    await admin.listTopics();
    const clients = () => new Set(kafka.metrics().map(({ attributes }) => attributes["messaging.client.id"]));
    assert.deepEqual(clients(), new Set(["an admin", "a producer"]));
    assert.deepEqual(undefinedNames(admin.metrics(), "admin"), []);
    assert.ok(totalOf(admin.metrics(), "org.apache.kafka.admin.request.total")! > 0);
    await admin.close();
    assert.deepEqual(clients(), new Set(["a producer"]));
  });
});
