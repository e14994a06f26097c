import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { suite, test } from "node:test";
import { CommitFailedError } from "../../src/client/consumer/errors.ts";
import type { RequestEvent } from "../../src/client/diagnostics.ts";
import type { TopicPartition } from "../../src/client/topic-partition.ts";
import { until } from "../interop/support/until.ts";
import { startTestBroker, unique } from "./broker.ts";
import { reading, take, testClient } from "./support/consumers.ts";

const client = testClient(await startTestBroker({ "group.min.session.timeout.ms": "100" }));
/** Short enough for a test, long enough for a busy machine. */
const pace = { heartbeatIntervalMs: 50 };

const numbers = (partitions: readonly TopicPartition[]) => partitions.map(({ partition }) => partition).sort();

suite("consumers of a group", () => {
  test("rule 46: a second one takes its part, what the first had done is committed before", async () => {
    const topic = await client.topic(["a"], ["b"], ["c"], ["d"]);
    const groupId = unique("billing");
    const events: string[] = [];
    await using first = client.consumer(groupId, {
      ...pace,
      onPartitionsAssigned: (partitions) => void events.push(`assigned ${partitions.length}`),
      onPartitionsRevoked: async (partitions) => {
        const offsets = await Promise.all(partitions.map((each) => client.committed(groupId, topic, each.partition)));
        events.push(`revoked ${partitions.length}, committed at ${offsets}`);
      },
    });
    await first.subscribe(topic);
    const firstReads = reading(first);
    await until("all is read", () => firstReads.values.length === 4);
    await using second = client.consumer(groupId, pace);
    await second.subscribe(topic);
    const secondReads = reading(second);
    await until("both have their part", () => first.assignment().length === 2 && second.assignment().length === 2);
    await until("the first has heard of it", () => events.length >= 3);
    assert.deepEqual(events.slice(0, 3), ["assigned 4", "revoked 2, committed at 1,1", "assigned 0"]);
    assert.deepEqual(numbers([...first.assignment(), ...second.assignment()]), [0, 1, 2, 3]);
    for (let partition = 0; partition < 4; partition++) await client.produce(topic, partition, [`more ${partition}`]);
    await until("more is read", () => firstReads.values.length + secondReads.values.length === 8);
    assert.equal(new Set([...firstReads.values, ...secondReads.values]).size, 8);
  });

  test("rule 47: a record at work is finished before its partition is revoked", async () => {
    const topic = await client.topic(["a"], ["b"]);
    const groupId = unique("billing");
    const events: string[] = [];
    await using first = client.consumer(groupId, {
      ...pace,
      onPartitionsRevoked: (partitions) => void events.push(`revoked ${partitions.length}`),
    });
    await first.subscribe(topic);
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const running = first.run({
      concurrency: 2,
      eachRecord: async ({ value }) => {
        events.push(`begun ${value}`);
        if (events.length === 2) started.resolve();
        await finish.promise;
        events.push("done");
      },
    });
    await started.promise;
    await using second = client.consumer(groupId, pace);
    await second.subscribe(topic);
    const secondReads = reading(second);
    await until("the second is in the group", () => second.groupMetadata().generationId > 0);
    finish.resolve();
    await until("both have their part", () => first.assignment().length === 1 && second.assignment().length === 1);
    assert.deepEqual(events.toSorted(), ["begun a", "begun b", "done", "done", "revoked 1"]);
    assert.ok(events.indexOf("revoked 1") > events.indexOf("done"));
    await first.close();
    await running;
    await until("the second has both", () => second.assignment().length === 2);
    assert.deepEqual(secondReads.values, [], "all was committed: nothing is read twice");
  });

  test("an eager group gives up everything, and takes its part anew (rule 45)", async () => {
    const topic = await client.topic([], []);
    const groupId = unique("billing");
    const events: string[] = [];
    const eager = { ...pace, partitionAssignmentStrategy: ["range"] } as const;
    await using first = client.consumer(groupId, {
      ...eager,
      onPartitionsAssigned: (partitions) => void events.push(`assigned ${numbers(partitions)}`),
      onPartitionsRevoked: (partitions) => void events.push(`revoked ${numbers(partitions)}`),
    });
    await first.subscribe(topic);
    reading(first);
    await until("it has both", () => first.assignment().length === 2);
    await using second = client.consumer(groupId, eager);
    await second.subscribe(topic);
    reading(second);
    await until("each has one", () => first.assignment().length === 1 && second.assignment().length === 1);
    assert.deepEqual(events.slice(0, 2), ["assigned 0,1", "revoked 0,1"]);
  });

  test("rule 49: who does not poll in time loses its partitions, and a commit says so", async () => {
    const topic = await client.topic(["a", "b"]);
    const groupId = unique("billing");
    const lost = Promise.withResolvers<readonly TopicPartition[]>();
    await using slow = client.consumer(groupId, {
      ...pace,
      maxPollIntervalMs: 150,
      enableAutoCommit: false,
      onPartitionsLost: (partitions) => lost.resolve(partitions),
    });
    await slow.subscribe(topic);
    for await (const record of slow) {
      assert.deepEqual(numbers(await lost.promise), [0]);
      await assert.rejects(slow.commit(record), CommitFailedError);
      break;
    }
    await using other = client.consumer(groupId, pace);
    await other.subscribe(topic);
    assert.deepEqual(await take(other, 2), ["a", "b"]);
    await other.close();
    assert.deepEqual(await take(slow, 1), ["b"], "it is back as soon as it polls");
  });

  test("rule 25: a static member stays when it closes, and comes back without a rebalance", async () => {
    const topic = await client.topic(["a"]);
    const groupId = unique("billing");
    const generations: number[] = [];
    for (let run = 0; run < 2; run++) {
      const consumer = client.consumer(groupId, { ...pace, groupInstanceId: "billing-0" });
      await consumer.subscribe(topic);
      reading(consumer);
      await until("it has its partition", () => consumer.assignment().length === 1);
      generations.push(consumer.groupMetadata().generationId);
      await consumer.close();
    }
    assert.equal(generations[0], generations[1]);
  });

  test("a second member with the same instance id fences the first", async () => {
    const topic = await client.topic(["a"]);
    const groupId = unique("billing");
    const config = { ...pace, groupInstanceId: "billing-0" };
    await using first = client.consumer(groupId, config);
    await first.subscribe(topic);
    const { ended } = reading(first);
    const fenced = assert.rejects(ended, { code: "FENCED_INSTANCE_ID", fatal: true });
    await until("it has its partition", () => first.assignment().length === 1);
    await using second = client.consumer(groupId, config);
    await second.subscribe(topic);
    reading(second);
    await fenced;
  });

  test("callbacks are awaited: nothing is read before, nor given on before it is let go", async () => {
    const topic = await client.topic(["a", "b"]);
    const groupId = unique("billing");
    const events: string[] = [];
    const letGo = Promise.withResolvers<void>();
    await using first = client.consumer(groupId, {
      ...pace,
      partitionAssignmentStrategy: ["range"],
      onPartitionsAssigned: async ([partition]) => {
        await new Promise(setImmediate);
        if (partition !== undefined) await first.seek(partition, 1);
      },
      onPartitionsRevoked: async () => {
        events.push("revoking");
        await letGo.promise;
        events.push("revoked");
      },
    });
    await first.subscribe(topic);
    assert.deepEqual(await take(first, 1), ["b"]);
    reading(first);
    await using second = client.consumer(groupId, {
      ...pace,
      partitionAssignmentStrategy: ["range"],
      onPartitionsAssigned: () => void events.push("assigned"),
    });
    await second.subscribe(topic);
    reading(second);
    await until("the first hears of it", () => events.length > 0);
    await client.admin.describeGroups([groupId]);
    assert.deepEqual(events, ["revoking"]);
    letGo.resolve();
    await until("the second has joined", () => events.length === 3);
    assert.deepEqual(events, ["revoking", "revoked", "assigned"]);
  });

  test("heartbeats do not depend on handlers: one outlives many sessions", async () => {
    const topic = await client.topic(["a"]);
    const groupId = unique("billing");
    const clientId = unique("client");
    let heartbeats = 0;
    const listen = (message: unknown) => {
      const event = message as RequestEvent;
      if (event.clientId === clientId && event.api === "Heartbeat") heartbeats++;
    };
    subscribe("regroup.client.request", listen);
    const config = { clientId, sessionTimeoutMs: 1000, heartbeatIntervalMs: 100 };
    await using consumer = client.consumer(groupId, config);
    await consumer.subscribe(topic);
    for await (const record of consumer) {
      const { generationId } = consumer.groupMetadata();
      const [from, fromMs] = [heartbeats, performance.now()];
      await until("three sessions are over", () => performance.now() - fromMs > 3 * config.sessionTimeoutMs);
      assert.ok(heartbeats - from >= 3, `${heartbeats - from} heartbeats`);
      await consumer.commit(record);
      assert.equal(consumer.groupMetadata().generationId, generationId);
      break;
    }
    unsubscribe("regroup.client.request", listen);
  });

  test("rule 27: new partitions are noticed and read", async () => {
    const topic = await client.topic(["a"]);
    await using consumer = client.consumer(unique("billing"), { ...pace, metadataMaxAgeMs: 50 });
    await consumer.subscribe(topic);
    const { values } = reading(consumer);
    await until("the first is read", () => values.length === 1);
    await client.admin.createPartitions([{ topic, count: 2 }]);
    await client.produce(topic, 1, ["b"]);
    await until("the second is read", () => values.length === 2);
    assert.deepEqual(values, ["a", "b"]);
  });

  test("a pattern means whole names, and topics that are made later", async () => {
    const prefix = unique("invoices");
    const make = (name: string) => client.admin.createTopics([{ topic: name, numPartitions: 1, replicationFactor: 1 }]);
    await make(`${prefix}-a`);
    await make(`other-${prefix}-a`);
    await using consumer = client.consumer(unique("billing"), { ...pace, metadataMaxAgeMs: 50 });
    await consumer.subscribe({ pattern: `${prefix}-.*` });
    reading(consumer);
    const topics = () =>
      consumer
        .assignment()
        .map(({ topic }) => topic)
        .sort();
    await until("it has the first", () => topics().length === 1);
    await make(`${prefix}-b`);
    await until("it has the second", () => topics().length === 2);
    assert.deepEqual(topics(), [`${prefix}-a`, `${prefix}-b`]);
    await assert.rejects(consumer.subscribe({ pattern: "(" }), { code: "INVALID_CONFIG_VALUE" });
  });

  test("unsubscribe gives up everything; a new subscription joins again", async () => {
    const [one, two] = [await client.topic(["a"]), await client.topic(["b"])];
    const revoked: TopicPartition[] = [];
    await using consumer = client.consumer(unique("billing"), {
      onPartitionsRevoked: (partitions) => void revoked.push(...partitions),
    });
    await consumer.subscribe(one);
    assert.deepEqual(await take(consumer, 1), ["a"]);
    await consumer.unsubscribe();
    assert.deepEqual(revoked, [{ topic: one, partition: 0 }]);
    assert.deepEqual(consumer.assignment(), []);
    await consumer.subscribe(two);
    assert.deepEqual(await take(consumer, 1), ["b"]);
  });

  test("a callback that throws is told to the loop, and the rebalance goes on", async () => {
    const topic = await client.topic(["a"]);
    await using consumer = client.consumer(unique("billing"), {
      onPartitionsAssigned: () => {
        throw new Error("no room for it");
      },
    });
    await consumer.subscribe(topic);
    await assert.rejects(take(consumer, 1), /no room for it/);
    assert.deepEqual(await take(consumer, 1), ["a"]);
  });

  test("rule 47: of what was lost nothing is committed, and a listener of revoking alone is told", async () => {
    const topic = await client.topic(["a", "b"]);
    const groupId = unique("billing");
    const told = Promise.withResolvers<readonly TopicPartition[]>();
    const slow = client.consumer(groupId, {
      ...pace,
      maxPollIntervalMs: 150,
      autoCommitIntervalMs: 60_000,
      onPartitionsRevoked: (partitions) => told.resolve(partitions),
    });
    await slow.subscribe(topic);
    const loop = slow.records();
    await loop.next();
    await loop.next();
    assert.deepEqual(numbers(await told.promise), [0]);
    await slow.close();
    assert.equal(await client.committed(groupId, topic), undefined);
  });

  test("rule 27: a topic that is subscribed to before it exists is noticed soon", async () => {
    const topic = unique("later");
    await using consumer = client.consumer(unique("billing"), { ...pace, allowAutoCreateTopics: false });
    await consumer.subscribe([topic]);
    const { values } = reading(consumer);
    await until("it is in the group", () => consumer.groupMetadata().generationId > 0);
    const fromMs = performance.now();
    await client.admin.createTopics([{ topic, numPartitions: 1, replicationFactor: 1 }]);
    await client.produce(topic, 0, ["a"]);
    await until("it is read", () => values.length === 1);
    const tookMs = performance.now() - fromMs;
    assert.ok(tookMs < 30_000, `${tookMs} ms, where metadata.max.age.ms is five minutes`);
  });
});
