import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { accepted, createTopic, fetch, fresh, open, produce, refused, type Topic, tight } from "../suite.ts";
import { type BatchIn, batch, batches, records } from "../wire/batch.ts";
import { type Value, zeroUuid } from "../wire/codec.ts";
import { ConnectionClosed } from "../wire/connection.ts";
import { versionsOf } from "../wire/schemas.ts";

const broker = await open();
const one = (value = "x", set: BatchIn = {}) => batch([{ value }], set);

suite("Produce", { concurrency: true }, () => {
  test("every version appends, and tells where", async () => {
    const topic = await createTopic(broker);
    const [low, high] = versionsOf("Produce");
    for (let version = low; version <= high; version++) {
      const records = batch([{ value: `a${version}` }, { value: "b" }]);
      const answer = accepted(await produce(broker, topic, records, { version }));
      assert.deepEqual([answer.index, answer.baseOffset, answer.logAppendTimeMs], [0, 2 * (version - low), -1]);
      if (version >= 5) assert.equal(answer.logStartOffset, 0);
      if (version >= 8) assert.deepEqual([answer.recordErrors, answer.errorMessage], [[], null]);
    }
  });

  test("what was appended comes back as it was, with the offset and epoch of the log", async () => {
    const topic = await createTopic(broker, 1, { "retention.ms": "-1" });
    accepted(await produce(broker, topic, one()));
    const headers: [string, string | null][] = [
      ["trace", "1"],
      ["", null],
    ];
    for (const gzip of [false, true]) {
      const list = [
        { key: "k", value: "v", timestamp: 1000, headers },
        { key: null, value: null, timestamp: 3000 },
      ];
      const { baseOffset } = accepted(await produce(broker, topic, batch(list, { gzip, baseOffset: 0 })));
      const answer = await fetch(broker, topic, baseOffset);
      const [got] = batches(answer.records);
      assert.ok(got?.crcIsRight);
      assert.equal(got.attributes, gzip ? 1 : 0);
      assert.deepEqual([got.baseOffset, got.lastOffset, got.leaderEpoch], [baseOffset, baseOffset + 1, 0]);
      assert.equal(got.maxTimestamp, 3000);
      const [first, second] = got.records;
      assert.deepEqual([first?.key, first?.value, first?.timestamp], ["k", "v", 1000]);
      assert.deepEqual(first?.headers, headers);
      assert.deepEqual([second?.key, second?.value, second?.timestamp], [null, null, 3000]);
    }
  });

  test("acks 1 and -1 are answered, any other number is refused for each partition", async () => {
    const topic = await createTopic(broker);
    for (const acks of [1, -1]) accepted(await produce(broker, topic, one(), { acks }));
    for (const acks of [2, -2, 7]) refused(await produce(broker, topic, one(), { acks }), "INVALID_REQUIRED_ACKS");
  });

  test("acks 0 closes the connection when it fails", async () => {
    const connection = await open();
    const partitionData = [{ index: 0, records: one() }];
    connection.tell(
      "Produce",
      { acks: 0, timeoutMs: 1000, topicData: [{ name: fresh("unknown"), partitionData }] },
      12,
    );
    await assert.rejects(connection.answer("Metadata", 0, 0), ConnectionClosed);
  });

  test("unknown topics, ids and partitions are told one by one; the others are appended", async () => {
    const topic = await createTopic(broker, 2);
    const data = (index: number) => ({ index, records: one() });
    const named = [
      { name: topic.name, partitionData: [data(1), data(2)] },
      { name: fresh("unknown"), partitionData: [data(0)] },
    ];
    const answer = await broker.ask("Produce", { acks: -1, timeoutMs: 5_000, topicData: named }, 12);
    const codes = answer.responses.flatMap((each: Value) =>
      each.partitionResponses.map((one: Value) => `${each.name === topic.name} ${one.index} ${one.errorCode}`),
    );
    assert.deepEqual(codes.sort(), ["false 0 3", "true 1 0", "true 2 3"]);
    const unknown = { name: "", id: "AAAAAAAAAAAAAAAAAAAAQQ" };
    refused(await produce(broker, unknown, one()), "UNKNOWN_TOPIC_ID");
    refused(await produce(broker, { name: "", id: zeroUuid }, one()), "UNKNOWN_TOPIC_ID");
  });

  test("a topic is not made by producing to it", async () => {
    const topic = { name: fresh("unknown"), id: zeroUuid };
    refused(await produce(broker, topic, one(), { version: 12 }), "UNKNOWN_TOPIC_OR_PARTITION");
  });

  test("internal topics take no records from clients", async () => {
    const { topics } = await broker.ask("Metadata", { topics: [{ name: "__consumer_offsets" }] });
    const internal = { name: "__consumer_offsets", id: topics[0].topicId };
    refused(await produce(broker, internal, one()), "INVALID_TOPIC_EXCEPTION");
  });

  test("two topics, many partitions, one request", async () => {
    const [first, second] = [await createTopic(broker, 2), await createTopic(broker, 2)];
    const topicData = [first, second].map(({ id }) => ({
      topicId: id,
      partitionData: [0, 1].map((index) => ({ index, records: one() })),
    }));
    const answer = await broker.ask("Produce", { acks: -1, timeoutMs: 5_000, topicData });
    const all = answer.responses.flatMap((each: Value) => each.partitionResponses);
    assert.deepEqual(
      all.map((each: Value) => [each.errorCode, each.baseOffset]),
      Array(4).fill([0, 0]),
    );
  });
});

suite("Produce: what is refused", { concurrency: true }, () => {
  const refusedBy = async (topic: Topic, bytes: Uint8Array | null, error: string) => {
    const answer = await produce(broker, topic, bytes);
    refused(answer, error);
    assert.equal(answer.baseOffset, -1);
  };

  test("a wrong checksum, and a body that was changed", async () => {
    const topic = await createTopic(broker);
    await refusedBy(topic, one("x", { crc: 1 }), "CORRUPT_MESSAGE");
    const changed = one("abcdef");
    changed[changed.length - 3] = (changed.at(-3) as number) ^ 1;
    await refusedBy(topic, changed, "CORRUPT_MESSAGE");
  });

  test("several batches, no batch, an older format", async () => {
    const topic = await createTopic(broker);
    await refusedBy(topic, Buffer.concat([one(), one()]), "INVALID_RECORD");
    await refusedBy(topic, Buffer.alloc(0), "INVALID_RECORD");
    await refusedBy(topic, one("x", { magic: 1 }), "INVALID_RECORD");
    assert.equal((await fetch(broker, topic, 0)).highWatermark, 0);
  });

  test("counts and offsets that do not fit the records", async () => {
    const topic = await createTopic(broker);
    await refusedBy(topic, one("x", { lastOffsetDelta: 3 }), "INVALID_RECORD");
    await refusedBy(topic, batch([{ value: "x" }, { value: "y" }], { count: 1 }), "INVALID_RECORD");
    await refusedBy(topic, one("x", { baseOffset: 5 }), "INVALID_RECORD");
  });

  test("a control batch", async () => {
    await refusedBy(await createTopic(broker), one("x", { attributes: 0x20 }), "INVALID_RECORD");
  });

  test("a batch larger than max.message.bytes of the topic, or message.max.bytes of the broker", async () => {
    const topic = await createTopic(broker, 1, { "max.message.bytes": "1000" });
    accepted(await produce(broker, topic, one("x".repeat(900))));
    await refusedBy(topic, one("x".repeat(1000)), "MESSAGE_TOO_LARGE");
    const other = await open(tight);
    refused(await produce(other, await createTopic(other), one("x".repeat(200_000))), "MESSAGE_TOO_LARGE");
    accepted(await produce(broker, await createTopic(broker), one("x".repeat(200_000))));
  });

  test("a timestamp more than message.timestamp.after.max.ms ahead, with the record that has it", async () => {
    const topic = await createTopic(broker);
    const now = Date.now();
    const late = { value: "y", timestamp: now + 2 * 3_600_000 };
    const answer = await produce(broker, topic, batch([{ value: "x", timestamp: now }, late]));
    refused(answer, "INVALID_TIMESTAMP");
    assert.deepEqual(
      answer.recordErrors.map((each: Value) => each.batchIndex),
      [1],
    );
    assert.ok(answer.errorMessage);
    const lenient = await createTopic(broker, 1, { "message.timestamp.after.max.ms": "9000000000" });
    accepted(await produce(broker, lenient, batch([late])));
    const strict = await createTopic(broker, 1, { "message.timestamp.before.max.ms": "1000" });
    refused(await produce(broker, strict, batch([{ value: "x", timestamp: now - 60_000 }])), "INVALID_TIMESTAMP");
  });

  test("a record without a key for a compacted topic", async () => {
    const topic = await createTopic(broker, 1, { "cleanup.policy": "compact" });
    accepted(await produce(broker, topic, batch([{ key: "k", value: "v" }])));
    const answer = await produce(broker, topic, batch([{ key: "k", value: "v" }, { value: "v" }]));
    refused(answer, "INVALID_RECORD");
    assert.deepEqual(
      answer.recordErrors.map((each: Value) => each.batchIndex),
      [1],
    );
    const old = await produce(broker, topic, batch([{ value: "v" }]), { version: 7 });
    refused(old, "INVALID_RECORD");
  });
});

suite("Produce: topic configs", { concurrency: true }, () => {
  test("min.insync.replicas: no more are needed than the topic has", async () => {
    const topic = await createTopic(broker, 1, { "min.insync.replicas": "2" });
    for (const acks of [-1, 1]) accepted(await produce(broker, topic, one(), { acks }));
  });

  test("message.timestamp.type=LogAppendTime: the broker's clock", async () => {
    const topic = await createTopic(broker, 1, { "message.timestamp.type": "LogAppendTime" });
    const from = Date.now();
    const answer = accepted(await produce(broker, topic, batch([{ value: "x", timestamp: 1000 }])));
    assert.ok(answer.logAppendTimeMs >= from - 1 && answer.logAppendTimeMs <= Date.now() + 1);
    const [got] = batches((await fetch(broker, topic, 0)).records);
    assert.equal(got?.attributes, 8);
    assert.ok(got?.crcIsRight);
    assert.equal(got?.maxTimestamp, answer.logAppendTimeMs);
  });

  test("compression.type: the broker compresses what came plain, and the other way round", async () => {
    for (const [type, gzip, attributes] of [
      ["gzip", false, 1],
      ["uncompressed", true, 0],
      ["producer", true, 1],
    ] as const) {
      const topic = await createTopic(broker, 1, { "compression.type": type });
      accepted(await produce(broker, topic, batch([{ key: "k", value: "v" }, { value: "w" }], { gzip })));
      const answer = await fetch(broker, topic, 0);
      assert.equal(batches(answer.records)[0]?.attributes, attributes);
      assert.deepEqual(
        records(answer.records).map((each) => [each.offset, each.key, each.value]),
        [
          [0, "k", "v"],
          [1, null, "w"],
        ],
      );
    }
  });
});

suite("Produce: zstd", { concurrency: true }, () => {
  test("it is taken from version 7 on, and given to all", async () => {
    const topic = await createTopic(broker);
    const bytes = batch([{ value: "x" }, { value: "y" }], { zstd: true });
    for (const version of [3, 6]) {
      refused(await produce(broker, topic, bytes, { version }), "UNSUPPORTED_COMPRESSION_TYPE");
    }
    accepted(await produce(broker, topic, bytes, { version: 7 }));
    for (const version of [4, 9, 10]) {
      const answer = accepted(await fetch(broker, topic, 0, {}, version));
      const values = records(answer.records).map((each) => each.value);
      assert.deepEqual(values, ["x", "y"]);
    }
  });

  test("compression.type=zstd: what came plain is compressed, and given to all", async () => {
    const topic = await createTopic(broker, 1, { "compression.type": "zstd" });
    accepted(await produce(broker, topic, batch([{ value: "x" }])));
    const [got] = batches((await fetch(broker, topic, 0)).records);
    assert.deepEqual([got?.attributes, got?.records[0]?.value], [4, "x"]);
    accepted(await produce(broker, topic, batch([{ value: "x" }]), { version: 6 }));
    accepted(await fetch(broker, topic, 0, {}, 9));
  });
});

suite("Produce: idempotence", { concurrency: true }, () => {
  async function producer(): Promise<{ producerId: number; producerEpoch: number }> {
    const { producerId, producerEpoch } = accepted(await broker.ask("InitProducerId", init, 5));
    return { producerId, producerEpoch };
  }
  const init = { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };

  test("each producer gets an id of its own, at epoch 0, in every version", async () => {
    const ids = new Set<number>();
    for (let version = 0; version <= 5; version++) {
      const { producerId, producerEpoch } = accepted(await broker.ask("InitProducerId", init, version));
      assert.equal(producerEpoch, 0);
      assert.ok(producerId >= 0);
      ids.add(producerId);
    }
    assert.equal(ids.size, 6);
  });

  test("an empty transactional id is an invalid request", async () => {
    refused(await broker.ask("InitProducerId", { ...init, transactionalId: "" }, 5), "INVALID_REQUEST");
  });

  test("a batch sent again is appended once and answered as before", async () => {
    const [topic, who] = [await createTopic(broker), await producer()];
    const send = (baseSequence: number, count = 1) => {
      const list = Array.from({ length: count }, (_, i) => ({ value: `${baseSequence + i}` }));
      return produce(broker, topic, batch(list, { ...who, baseSequence }));
    };
    assert.equal(accepted(await send(0, 2)).baseOffset, 0);
    assert.equal(accepted(await send(2)).baseOffset, 2);
    assert.equal(accepted(await send(0, 2)).baseOffset, 0);
    assert.equal(accepted(await send(2)).baseOffset, 2);
    assert.equal(accepted(await send(3)).baseOffset, 3);
    assert.equal((await fetch(broker, topic, 0)).highWatermark, 4);
  });

  test("the last five batches are remembered, an older one is out of order", async () => {
    const [topic, who] = [await createTopic(broker), await producer()];
    const send = (baseSequence: number) => produce(broker, topic, one("x", { ...who, baseSequence }));
    for (let sequence = 0; sequence < 7; sequence++) accepted(await send(sequence));
    for (let sequence = 2; sequence < 7; sequence++) assert.equal(accepted(await send(sequence)).baseOffset, sequence);
    refused(await send(1), "OUT_OF_ORDER_SEQUENCE_NUMBER");
    assert.equal((await fetch(broker, topic, 0)).highWatermark, 7);
  });

  test("a gap in the sequence is out of order", async () => {
    const [topic, who] = [await createTopic(broker), await producer()];
    const send = (baseSequence: number) => produce(broker, topic, one("x", { ...who, baseSequence }));
    accepted(await send(0));
    refused(await send(2), "OUT_OF_ORDER_SEQUENCE_NUMBER");
    accepted(await send(1));
  });

  test("a producer that the partition does not know may begin anywhere", async () => {
    const [topic, who] = [await createTopic(broker), await producer()];
    accepted(await produce(broker, topic, one("x", { ...who, baseSequence: 40 })));
    accepted(await produce(broker, topic, one("x", { ...who, baseSequence: 41 })));
  });

  test("a new epoch begins at sequence 0, and the old epoch is fenced", async () => {
    const [topic, who] = [await createTopic(broker), await producer()];
    const send = (producerEpoch: number, baseSequence: number) =>
      produce(broker, topic, one("x", { ...who, producerEpoch, baseSequence }));
    accepted(await send(0, 0));
    refused(await send(1, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER");
    accepted(await send(1, 0));
    refused(await send(0, 1), "INVALID_PRODUCER_EPOCH");
  });

  test("sequence numbers go from 2147483647 on to 0", async () => {
    const [topic, who] = [await createTopic(broker), await producer()];
    const send = (baseSequence: number, count = 1) =>
      produce(broker, topic, batch(Array(count).fill({ value: "x" }), { ...who, baseSequence }));
    accepted(await send(2147483645, 2));
    accepted(await send(2147483647, 3));
    accepted(await send(2));
    assert.equal((await fetch(broker, topic, 0)).highWatermark, 6);
  });

  test("sequences are kept for each partition by itself", async () => {
    const [topic, who] = [await createTopic(broker, 2), await producer()];
    for (const partition of [0, 1]) {
      accepted(await produce(broker, topic, one("x", { ...who, baseSequence: 0 }), { partition }));
    }
  });

  test("DescribeProducers tells who has produced to a partition", async () => {
    const [topic, who] = [await createTopic(broker), await producer()];
    accepted(await produce(broker, topic, batch([{ value: "x" }, { value: "y" }], { ...who, baseSequence: 0 })));
    const topics = [
      { name: topic.name, partitionIndexes: [0, 5] },
      { name: fresh("unknown"), partitionIndexes: [0] },
    ];
    const answer = await broker.ask("DescribeProducers", { topics });
    const byName = new Map<string, Value>(answer.topics.map((each: Value) => [each.name, each.partitions]));
    const [known] = byName.get(topic.name).filter((each: Value) => each.partitionIndex === 0);
    const [active] = accepted(known).activeProducers;
    assert.deepEqual([active.producerId, active.producerEpoch, active.lastSequence], [who.producerId, 0, 1]);
    assert.deepEqual([active.coordinatorEpoch, active.currentTxnStartOffset], [-1, -1]);
    refused(
      byName.get(topic.name).find((each: Value) => each.partitionIndex === 5),
      "UNKNOWN_TOPIC_OR_PARTITION",
    );
    refused(byName.get(topics[1]!.name)[0], "UNKNOWN_TOPIC_OR_PARTITION");
  });
});
