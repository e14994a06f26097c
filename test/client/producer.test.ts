import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { readConfig } from "../../src/client/config.ts";
import { Kafka } from "../../src/client/kafka.ts";
import { openCluster } from "../../src/client/open-cluster.ts";
import type { Partitioner, ProducerConfigInput } from "../../src/client/producer-keys.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { Fetch } from "../../src/protocol/apis/fetch.ts";
import { keyPartition } from "../../src/protocol/hash.ts";
import { type BatchRecord, type BatchView, batches, readRecords } from "../../src/protocol/records/batch.ts";
import { startTestBroker, unique } from "./broker.ts";

const bootstrapServers = await startTestBroker();

suite("the producer", () => {
  const kafka = new Kafka({ bootstrapServers, clientId: "producer-test" });
  const admin = kafka.admin();
  const cluster = openCluster(readConfig("producer", { bootstrapServers }));
  after(async () => {
    await admin.close();
    await cluster.close();
  });

  async function newTopic(numPartitions: number, configs: Record<string, string> = {}): Promise<string> {
    const topic = unique("orders");
    await admin.createTopics([{ topic, numPartitions, replicationFactor: 1, configs }]);
    return topic;
  }

  async function stored(topic: string, partition: number): Promise<{ batch: BatchView; record: BatchRecord }[]> {
    await cluster.metadata([topic]);
    const partitions = [{ partition, fetchOffset: 0, partitionMaxBytes: 2 ** 30 }];
    const request = { maxWaitMs: 0, minBytes: 0, topics: [{ topic, partitions }] };
    const answer = await cluster.send({ leader: { topic, partition } }, Fetch, request, { versions: [4, 12] });
    const bytes = answer.responses[0]?.partitions[0]?.records ?? new Uint8Array(0);
    return [...batches(bytes)].flatMap((batch) =>
      [...readRecords(batch, nodePlatform)].map((record) => ({ batch, record })),
    );
  }

  async function values(topic: string, partition: number): Promise<string[]> {
    return (await stored(topic, partition)).map(({ record }) => String(Buffer.from(record.value!)));
  }

  test("sends a record with key, headers and timestamp, and tells where it is", async () => {
    const topic = await newTopic(3);
    await using producer = kafka.producer();
    const headers = [
      ["trace", "1"],
      ["trace", null],
    ] as const;
    const sent = await producer.send({ topic, key: "k", value: "v", headers, timestamp: 1234 });
    const partition = keyPartition(Buffer.from("k"), 3);
    assert.deepEqual(sent, { topic, partition, offset: 0, timestamp: 1234 });
    const [only] = await stored(topic, partition);
    assert.equal(String(Buffer.from(only!.record.key!)), "k");
    assert.equal(only!.record.timestamp, 1234);
    assert.deepEqual(
      only!.record.headers.map(({ key, value }) => [key, value === null ? null : String(Buffer.from(value))]),
      [
        ["trace", "1"],
        ["trace", null],
      ],
    );
    assert.ok(only!.batch.producerId >= 0, "idempotent by default");
  });

  test("a null value is a tombstone", async () => {
    const topic = await newTopic(1);
    await using producer = kafka.producer();
    await producer.send({ topic, key: "gone", value: null });
    assert.equal((await stored(topic, 0))[0]!.record.value, null);
  });

  test("makes a topic by use where the broker allows it", async () => {
    const topic = unique("made-by-use");
    await using producer = kafka.producer();
    assert.equal((await producer.send({ topic, value: "first" })).offset, 0);
  });

  test("what is sent in one turn goes into few batches, in order, with one promise each", async () => {
    const topic = await newTopic(1);
    await using producer = kafka.producer();
    const sent = await Promise.all(Array.from({ length: 500 }, (_, i) => producer.send({ topic, value: `${i}` })));
    assert.deepEqual(
      sent.map(({ offset }) => offset),
      Array.from({ length: 500 }, (_, i) => i),
    );
    const found = await stored(topic, 0);
    assert.deepEqual(
      await values(topic, 0),
      Array.from({ length: 500 }, (_, i) => `${i}`),
    );
    assert.ok(new Set(found.map(({ batch }) => batch.baseOffset)).size < 5);
  });

  test("sendBatch tells where each record is, in the order given", async () => {
    const topic = await newTopic(4);
    await using producer = kafka.producer();
    const sent = await producer.sendBatch(
      Array.from({ length: 100 }, (_, i) => ({ topic, value: `${i}`, partition: i % 4 })),
    );
    assert.deepEqual(
      sent.map(({ partition, offset }) => [partition, offset]),
      Array.from({ length: 100 }, (_, i) => [i % 4, Math.floor(i / 4)]),
    );
    assert.deepEqual(await producer.sendBatch([]), []);
  });

  test("records without a key fill one partition's batch before they go to another", async () => {
    const topic = await newTopic(4);
    await using producer = kafka.producer({ batchSize: 2000 });
    const value = "x".repeat(200);
    const sent = await producer.sendBatch(Array.from({ length: 100 }, () => ({ topic, value })));
    const changes = sent.filter(({ partition }, i) => i > 0 && partition !== sent[i - 1]!.partition).length;
    assert.ok(changes >= 8 && changes <= 15, `${changes} changes of partition`);
  });

  for (const compressionType of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
    test(`compression ${compressionType} is in the batch and out of the way`, async () => {
      const topic = await newTopic(1);
      await using producer = kafka.producer({ compressionType });
      const value = "the same text again and again ".repeat(20);
      await producer.sendBatch(Array.from({ length: 10 }, () => ({ topic, value })));
      const found = await stored(topic, 0);
      assert.equal(found[0]!.batch.compression, compressionType);
      assert.deepEqual(await values(topic, 0), new Array(10).fill(value));
    });
  }

  test("acks=0 resolves without an offset, acks=1 with one", async () => {
    const topic = await newTopic(1);
    await using careless = kafka.producer({ acks: 0, enableIdempotence: false });
    assert.equal((await careless.send({ topic, value: "a" })).offset, -1);
    await using leader = kafka.producer({ acks: 1, enableIdempotence: false });
    assert.ok((await leader.send({ topic, value: "b" })).offset >= 0);
  });

  test("a topic with LogAppendTime tells the broker's timestamp", async () => {
    const topic = await newTopic(1, { "message.timestamp.type": "LogAppendTime" });
    await using producer = kafka.producer();
    const before = Date.now();
    const { timestamp } = await producer.send({ topic, value: "v", timestamp: 1 });
    assert.ok(timestamp >= before - 1000, `${timestamp}`);
  });

  test("serializers see topic and headers, and their errors name the record's topic", async () => {
    const topic = await newTopic(1);
    await using producer = kafka.producer<string, { id: number }>({ valueSerializer: "json" });
    await producer.send({ topic, key: "k", value: { id: 7 } });
    assert.deepEqual(await values(topic, 0), ['{"id":7}']);
    const cyclic: { id: number; self?: unknown } = { id: 1 };
    cyclic.self = cyclic;
    await assert.rejects(producer.send({ topic, value: cyclic }), { code: "SERIALIZATION_FAILED" });
  });

  test("a partition that does not exist, and a record that is too large, are refused alone", async () => {
    const topic = await newTopic(2);
    await using producer = kafka.producer();
    const good = producer.send({ topic, value: "good", partition: 1 });
    await assert.rejects(producer.send({ topic, value: "v", partition: 2 }), { code: "UNKNOWN_TOPIC_OR_PARTITION" });
    await assert.rejects(producer.send({ topic, value: "v".repeat(2_000_000) }), { code: "MESSAGE_TOO_LARGE" });
    assert.equal((await good).offset, 0);
  });

  test("what the broker refuses fails, and what comes after it is stored under a new epoch", async () => {
    const topic = await newTopic(1, { "max.message.bytes": "1000" });
    await using producer = kafka.producer({ lingerMs: 0 });
    await producer.send({ topic, value: "before" });
    await assert.rejects(producer.send({ topic, value: "x".repeat(5000) }), { code: "MESSAGE_TOO_LARGE" });
    assert.equal((await producer.send({ topic, value: "after" })).offset, 1);
    const epochs = (await stored(topic, 0)).map(({ batch }) => batch.producerEpoch);
    assert.deepEqual(epochs, [0, 1]);
  });

  test("a batch that the broker finds too large is halved until it fits, and keeps its order", async () => {
    const topic = await newTopic(1, { "max.message.bytes": "1000" });
    await using producer = kafka.producer();
    const records = Array.from({ length: 40 }, (_, i) => ({ topic, value: `${i}`.padEnd(200) }));
    const sent = await producer.sendBatch(records);
    assert.deepEqual(
      sent.map(({ offset }) => offset),
      records.map((_, i) => i),
    );
    assert.deepEqual(
      await values(topic, 0),
      records.map(({ value }) => value),
    );
    const found = await stored(topic, 0);
    assert.ok(found.every(({ batch }) => batch.sizeInBytes <= 1000 && batch.producerEpoch === 0));
  });

  test("of a batch that is too large because of one record, that one alone fails", async () => {
    const topic = await newTopic(1, { "max.message.bytes": "1000" });
    await using producer = kafka.producer();
    const send = (value: string) =>
      producer.send({ topic, value }).then(
        () => "stored",
        ({ code }) => code as string,
      );
    const outcomes = await Promise.all([send("a"), send("b"), send("x".repeat(5000)), send("c"), send("d")]);
    assert.deepEqual(outcomes, ["stored", "stored", "MESSAGE_TOO_LARGE", "stored", "stored"]);
    assert.deepEqual(await values(topic, 0), ["a", "b", "c", "d"]);
  });

  test("a partitioner of one's own is asked for every record without a partition", async () => {
    const topic = await newTopic(3);
    const asked: string[] = [];
    const partitioner: Partitioner = ({ key }, partitionCount) => {
      asked.push(`${key} of ${partitionCount}`);
      return 2;
    };
    await using producer = kafka.producer({ partitioner });
    const sent = await producer.sendBatch([
      { topic, key: "a", value: "1" },
      { topic, value: "2" },
      { topic, value: "3", partition: 1 },
    ]);
    assert.deepEqual(
      sent.map(({ partition }) => partition),
      [2, 2, 1],
    );
    assert.deepEqual(asked, ["97 of 3", "null of 3"]);
  });

  test("partitioner.ignore.keys has records with keys go where those without go", async () => {
    const topic = await newTopic(8);
    await using producer = kafka.producer({ partitionerIgnoreKeys: true });
    const sent = await producer.sendBatch(Array.from({ length: 20 }, (_, i) => ({ topic, key: `${i}`, value: "v" })));
    assert.equal(new Set(sent.map(({ partition }) => partition)).size, 1);
  });

  test("a call that is aborted rejects with its signal's reason", async () => {
    const topic = await newTopic(1);
    await using producer = kafka.producer({ lingerMs: 60_000, deliveryTimeoutMs: 120_000 });
    const abort = new AbortController();
    const { signal } = abort;
    const calls = [
      producer.send({ topic, value: "a" }, { signal }),
      producer.sendBatch([{ topic, value: "b" }], { signal }),
    ];
    abort.abort(new Error("enough"));
    for (const call of calls) await assert.rejects(call, /enough/);
    await assert.rejects(producer.send({ topic, value: "c" }, { signal }), /enough/);
    await assert.rejects(producer.flush({ signal }), /enough/);
  });

  test("a topic that the broker refuses for good fails at once", async () => {
    await using producer = kafka.producer();
    await assert.rejects(producer.send({ topic: "not a valid name", value: "v" }), { code: "INVALID_TOPIC_EXCEPTION" });
  });

  test("a full buffer holds records back, and they go on in order when there is room", async () => {
    const topic = await newTopic(1);
    await using producer = kafka.producer({ bufferMemory: 5000, lingerMs: 0 });
    const sent = await Promise.all(
      Array.from({ length: 200 }, (_, i) => producer.send({ topic, value: `${i}`.padEnd(300) })),
    );
    assert.deepEqual(
      sent.map(({ offset }) => offset),
      Array.from({ length: 200 }, (_, i) => i),
    );
  });

  test("flush sends what lingers, close sends what is left, and a closed producer takes no more", async () => {
    const topic = await newTopic(1);
    const producer = kafka.producer({ lingerMs: 60_000, deliveryTimeoutMs: 120_000 });
    const first = producer.send({ topic, value: "first" });
    await producer.flush();
    assert.equal((await first).offset, 0);
    const last = producer.send({ topic, value: "last" });
    await producer.close();
    assert.equal((await last).offset, 1);
    await assert.rejects(producer.send({ topic, value: "late" }), { code: "CLIENT_CLOSED" });
  });

  const contradictions: [string, ProducerConfigInput, RegExp][] = [
    ["acks", { acks: 1, enableIdempotence: true }, /acks must be all/],
    ["retries", { retries: 0, enableIdempotence: true }, /retries must not be 0/],
    ["in flight", { maxInFlightRequestsPerConnection: 6 }, /at most 5/],
    ["timeouts", { deliveryTimeoutMs: 1000 }, /delivery.timeout.ms must be at least/],
  ];
  for (const [name, config, message] of contradictions) {
    test(`keys that contradict each other are refused: ${name}`, () => {
      assert.throws(() => kafka.producer(config), message);
    });
  }

  for (const config of [{ acks: 1 }, { retries: 0 }] as const) {
    test(`an idempotence that nobody named gives way, as in Java: ${JSON.stringify(config)}`, async () => {
      const topic = await newTopic(1);
      await using producer = kafka.producer(config);
      await producer.send({ topic, value: "v" });
      const [only] = await stored(topic, 0);
      assert.equal(only!.batch.producerId, -1);
    });
  }
});
