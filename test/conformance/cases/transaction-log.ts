import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { describeProducers, Producer, readCommitted, story } from "../producer.ts";
import { accepted, createTopic, fetch, fresh, open, produce, refused, type Topic, until } from "../suite.ts";
import { batch, batches } from "../wire/batch.ts";
import type { Value } from "../wire/codec.ts";
import { errorName } from "../wire/errors.ts";
import { markerOf } from "../wire/transactions.ts";

/* What a transaction does to a partition, and what is read of it. */

const broker = await open();

/** The offset that ListOffsets gives for a timestamp: -1 the latest, -2 the earliest. */
async function listed(topic: Topic, timestamp: number, isolationLevel: 0 | 1, version = 10): Promise<Value> {
  const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }];
  const body = { replicaId: -1, isolationLevel, topics: [{ name: topic.name, partitions }] };
  const answer = await broker.ask("ListOffsets", body, version);
  return accepted(answer.topics[0].partitions[0]);
}

async function writeMarker(topic: Topic, marker: Value, version = 2): Promise<number> {
  const whole = { coordinatorEpoch: 0, transactionVersion: 0, topics: [{ name: topic.name, partitionIndexes: [0] }] };
  const { markers } = await broker.ask("WriteTxnMarkers", { markers: [{ ...whole, ...marker }] }, version);
  return markers[0].topics[0].partitions[0].errorCode;
}

/**
 * Refused in the word of its own version, sooner or later: Kafka asks its coordinator for several producers at once,
 * and answers all as the first one's version needs it.
 */
async function refusedAs(word: "INVALID_TXN_STATE" | "TRANSACTION_ABORTABLE", produceOnce: () => Promise<Value>) {
  await until(`it is refused as ${word}`, async () => {
    const answer = await produceOnce();
    const name = errorName(answer.errorCode);
    assert.match(name, /^(INVALID_TXN_STATE|TRANSACTION_ABORTABLE)$/);
    return name === word;
  });
}

suite("Markers", { concurrency: true }, () => {
  test("an end writes one batch of control to each partition: producer, epoch, type, coordinator", async () => {
    const topic = await createTopic(broker, 2);
    const producer = await Producer.of();
    for (const committed of [true, false]) {
      const { producerId, producerEpoch } = producer;
      for (const partition of [0, 1]) accepted(await producer.produce(topic, "x", { partition }));
      accepted(await producer.end(committed));
      await producer.untilState(committed ? "CompleteCommit" : "CompleteAbort");
      for (const partition of [0, 1]) {
        const found = batches((await fetch(broker, topic, 0, { partition })).records).at(-1)!;
        assert.ok(found.crcIsRight);
        assert.equal(found.attributes, 0x30);
        assert.equal(found.lastOffset, found.baseOffset);
        assert.deepEqual(
          [found.producerId, found.producerEpoch, found.baseSequence],
          [producerId, producerEpoch + 1, -1],
        );
        assert.equal(markerOf(found)?.type, committed ? "COMMIT" : "ABORT");
        assert.ok((markerOf(found)?.coordinatorEpoch ?? -1) >= 0);
        const [{ keyBytes, valueBytes }] = found.records as [(typeof found.records)[0]];
        assert.equal(keyBytes?.toString("hex"), committed ? "00000001" : "00000000");
        assert.match(valueBytes?.toString("hex") ?? "", /^0000[0-9a-f]{8}$/);
      }
    }
  });

  test("below transaction.version 2 the marker has the epoch of the transaction", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    assert.deepEqual(await producer.add(topic), [0]);
    accepted(await producer.produce(topic, "x", { version: 11 }));
    accepted(await producer.end(true, {}, 4));
    await producer.untilState("CompleteCommit");
    const found = batches((await fetch(broker, topic, 0)).records);
    assert.deepEqual(
      found.map((each) => [each.producerEpoch, each.attributes]),
      [
        [0, 0x10],
        [0, 0x30],
      ],
    );
  });

  test("a partition that was added and not written to gets its marker too", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    assert.deepEqual(await producer.add(topic), [0]);
    accepted(await producer.end(true, {}, 4));
    await producer.untilState("CompleteCommit");
    assert.deepEqual(await story(broker, topic), ["COMMIT"]);
  });

  test("several transactions of several producers lie in one partition beside each other", async () => {
    const topic = await createTopic(broker);
    const [a, b] = [await Producer.of(), await Producer.of()];
    accepted(await a.produce(topic, "a1"));
    accepted(await b.produce(topic, "b1"));
    accepted(await a.produce(topic, "a2"));
    accepted(await a.end(false));
    await a.untilState("CompleteAbort");
    accepted(await b.end(true));
    await b.untilState("CompleteCommit");
    assert.deepEqual(await story(broker, topic), ["a1", "b1", "a2", "ABORT", "COMMIT"]);
    assert.deepEqual((await readCommitted(broker, topic)).values, ["b1"]);
  });
});

suite("read_committed", { concurrency: true }, () => {
  test("the last stable offset is the first offset of an open transaction", async () => {
    const topic = await createTopic(broker);
    accepted(await produce(broker, topic, batch([{ value: "plain" }])));
    const [a, b] = [await Producer.of(), await Producer.of()];
    accepted(await a.produce(topic, "a"));
    accepted(await b.produce(topic, "b"));
    accepted(await produce(broker, topic, batch([{ value: "late" }])));
    const stable = async () => {
      const { lastStableOffset, highWatermark, values } = await readCommitted(broker, topic);
      assert.equal(Number((await listed(topic, -1, 1)).offset), lastStableOffset);
      assert.equal(Number((await listed(topic, -1, 0)).offset), highWatermark);
      return [lastStableOffset, highWatermark, values.join(" ")];
    };
    assert.deepEqual(await stable(), [1, 4, "plain"]);
    accepted(await b.end(true));
    await b.untilState("CompleteCommit");
    assert.deepEqual(await stable(), [1, 5, "plain"]);
    accepted(await a.end(true));
    await a.untilState("CompleteCommit");
    assert.deepEqual(await stable(), [6, 6, "plain a b late"]);
  });

  test("read_uncommitted reads all, and is told no aborted transactions", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    accepted(await producer.produce(topic, "open"));
    const answer = accepted(await fetch(broker, topic, 0));
    assert.deepEqual(await story(broker, topic), ["open"]);
    assert.deepEqual([Number(answer.lastStableOffset), Number(answer.highWatermark)], [0, 1]);
    assert.equal(answer.abortedTransactions, null);
    accepted(await producer.end(false));
    await producer.untilState("CompleteAbort");
    assert.equal((await fetch(broker, topic, 0)).abortedTransactions, null);
  });

  test("aborted transactions are told by producer and first offset, where they touch what is read", async () => {
    const topic = await createTopic(broker);
    const [a, b] = [await Producer.of(), await Producer.of()];
    const abort = async (producer: Producer, ...values: string[]) => {
      for (const value of values) accepted(await producer.produce(topic, value));
      accepted(await producer.end(false));
      await producer.untilState("CompleteAbort");
    };
    accepted(await b.produce(topic, "b0"));
    await abort(a, "a1", "a2"); // marker 3
    accepted(await b.end(true)); // marker 4
    await b.untilState("CompleteCommit");
    await abort(a, "a5", "a6"); // marker 7
    await abort(b, "b8"); // marker 9
    const entries = (aborted: Value[]) => aborted.map((each) => [each.producerId, Number(each.firstOffset)]);
    for (const version of [4, 5, 11, 12, 15, 18]) {
      const all = await readCommitted(broker, topic, { version });
      const expected = [
        [a.producerId, 1],
        [a.producerId, 5],
        [b.producerId, 8],
      ];
      assert.deepEqual(entries(all.aborted), expected, `version ${version}`);
      assert.deepEqual(all.values, ["b0"]);
    }
    const expectedFrom: [number, number[]][] = [
      [2, [1, 5, 8]],
      [3, [1, 5, 8]],
      [4, [5, 8]],
      [7, [5, 8]],
      [8, [8]],
      [9, [8]],
      [10, []],
    ];
    for (const [from, firsts] of expectedFrom) {
      const { aborted } = await readCommitted(broker, topic, { from });
      assert.deepEqual(
        entries(aborted).map(([, first]) => first),
        firsts,
        `from ${from}`,
      );
    }
    const answer = accepted(await fetch(broker, topic, 10, { isolationLevel: 1 }));
    assert.deepEqual(answer.abortedTransactions, []);
  });

  test("a fetch that waits for committed records is answered when the transaction ends", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    accepted(await producer.produce(topic, "x"));
    const reader = await open();
    const waiting = fetch(reader, topic, 0, { isolationLevel: 1, maxWaitMs: 15_000, minBytes: 1 });
    accepted(await producer.end(true));
    const found = batches((await waiting).records);
    assert.equal(found[0]?.records[0]?.value, "x");
  });

  test("ListOffsets by time looks at what is stable only", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    const now = Date.now();
    accepted(await produce(broker, topic, batch([{ value: "plain", timestamp: now - 10_000 }])));
    accepted(await producer.produce(topic, "open"));
    const at = async (timestamp: number, isolation: 0 | 1) =>
      Number((await listed(topic, timestamp, isolation)).offset);
    assert.deepEqual([await at(now - 5_000, 0), await at(now - 5_000, 1)], [1, -1]);
    assert.deepEqual([await at(now - 10_000, 0), await at(now - 10_000, 1)], [0, 0]);
    assert.deepEqual([await at(-2, 0), await at(-2, 1)], [0, 0]);
    accepted(await producer.end(true));
    await producer.untilState("CompleteCommit");
    assert.equal(await at(now - 5_000, 1), 1);
  });

  test("DeleteRecords goes beyond an open transaction no further than to the high watermark", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    accepted(await producer.produce(topic, "x"));
    const cut = [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: -1 }] }];
    const { topics } = await broker.ask("DeleteRecords", { topics: cut, timeoutMs: 5_000 });
    assert.equal(Number(accepted(topics[0].partitions[0]).lowWatermark), 1);
    accepted(await producer.end(true));
    await producer.untilState("CompleteCommit");
    const { lastStableOffset, values } = await readCommitted(broker, topic, { from: 1 });
    assert.deepEqual([lastStableOffset, values], [2, []]);
  });
});

suite("Produce in a transaction", { concurrency: true }, () => {
  test("rule 41: without AddPartitionsToTxn 10 is invalid, 11 abortable, 12 and 13 add by themselves", async () => {
    const topic = await createTopic(broker);
    for (const version of [3, 8, 9, 10]) {
      await refusedAs("INVALID_TXN_STATE", async () => (await Producer.of()).produce(topic, "x", { version }));
    }
    await refusedAs("TRANSACTION_ABORTABLE", async () => (await Producer.of()).produce(topic, "x", { version: 11 }));
    assert.deepEqual(await story(broker, topic), []);
    for (const version of [12, 13]) {
      const producer = await Producer.of();
      accepted(await producer.produce(topic, `v${version}`, { version }));
      const { transactionState, topics } = await producer.describe();
      assert.deepEqual([transactionState, topics], ["Ongoing", [{ topic: topic.name, partitions: [0] }]]);
      accepted(await producer.end(true));
    }
  });

  test("KIP-890: once the transaction is over its producer's records are refused", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    assert.deepEqual(await producer.add(topic), [0]);
    accepted(await producer.produce(topic, "a", { version: 11 }));
    accepted(await producer.produce(topic, "b", { version: 10 }));
    accepted(await producer.end(true, {}, 4));
    await producer.untilState("CompleteCommit");
    await refusedAs("INVALID_TXN_STATE", () => producer.produce(topic, "late", { version: 10 }));
    await refusedAs("TRANSACTION_ABORTABLE", () => producer.produce(topic, "late", { version: 11 }));
    assert.deepEqual(await story(broker, topic), ["a", "b", "COMMIT"]);
  });

  test("a new epoch begins its sequences anew; the old epoch is refused", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    const { producerEpoch } = producer;
    for (const value of ["a", "b"]) accepted(await producer.produce(topic, value));
    accepted(await producer.end(true));
    await producer.untilState("CompleteCommit");
    refused(await producer.produce(topic, "late", { producerEpoch, baseSequence: 2 }), "INVALID_PRODUCER_EPOCH");
    refused(await producer.produce(topic, "gap", { baseSequence: 3 }), "OUT_OF_ORDER_SEQUENCE_NUMBER");
    accepted(await producer.produce(topic, "c"));
    accepted(await producer.produce(topic, "c", { baseSequence: 0 })); // once more: not written again
    accepted(await producer.end(true));
    await producer.untilState("CompleteCommit");
    assert.deepEqual(await story(broker, topic), ["a", "b", "COMMIT", "c", "COMMIT"]);
  });

  test("who is not the producer of this transactional id", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    refused(await producer.produce(topic, "x", { producerEpoch: 7 }), "INVALID_PRODUCER_EPOCH");
    refused(await producer.produce(topic, "x", { producerId: producer.producerId + 1 }), "INVALID_PRODUCER_ID_MAPPING");
    refused(await producer.produce(topic, "x", { transactionalId: fresh("u") }), "INVALID_PRODUCER_ID_MAPPING");
    assert.deepEqual(await story(broker, topic), []);
  });

  test("a batch that is not transactional from a producer whose transaction is open", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    accepted(await producer.produce(topic, "x"));
    const { producerId, producerEpoch } = producer;
    const plain = batch([{ value: "y" }], { producerId, producerEpoch, baseSequence: 1 });
    refused(await produce(broker, topic, plain), "INVALID_TXN_STATE");
    accepted(await producer.end(true));
  });
});

suite("DescribeProducers", { concurrency: true }, () => {
  test("tells id, epoch, last sequence and time, coordinator and where the open transaction begins", async () => {
    const topic = await createTopic(broker);
    assert.deepEqual(await describeProducers(broker, topic), []);
    const [a, idle] = [await Producer.of(), await Producer.of()];
    accepted(await idle.produce(topic, "idle"));
    accepted(await idle.end(true));
    await idle.untilState("CompleteCommit");
    accepted(await a.produce(topic, "a1"));
    accepted(await a.produce(topic, "a2"));
    const found = new Map((await describeProducers(broker, topic)).map((each) => [each.producerId, each]));
    const open = found.get(a.producerId);
    assert.deepEqual([open.producerEpoch, open.lastSequence, open.currentTxnStartOffset], [a.producerEpoch, 1, 2]);
    assert.equal(open.coordinatorEpoch, -1);
    assert.ok(Math.abs(open.lastTimestamp - Date.now()) < 60_000);
    const past = found.get(idle.producerId);
    assert.deepEqual([past.producerEpoch, past.lastSequence, past.currentTxnStartOffset], [1, -1, -1]);
    assert.ok(past.coordinatorEpoch >= 0);
    accepted(await a.end(false));
  });

  test("unknown topics and partitions", async () => {
    const topic = await createTopic(broker);
    const topics = [
      { name: topic.name, partitionIndexes: [0, 1] },
      { name: fresh("unknown"), partitionIndexes: [0] },
    ];
    const answer = await broker.ask("DescribeProducers", { topics });
    const codes = answer.topics.flatMap((each: Value) => each.partitions.map((one: Value) => one.errorCode));
    assert.deepEqual(codes.sort(), [0, 3, 3]);
  });
});

suite("WriteTxnMarkers", { concurrency: true }, () => {
  test("a hanging transaction is ended by a marker that an administrator writes", async () => {
    for (const version of [1, 2]) {
      const topic = await createTopic(broker);
      const producer = await Producer.of();
      accepted(await producer.produce(topic, "x"));
      const { producerId, producerEpoch } = producer;
      const marker = { producerId, producerEpoch, transactionResult: false, coordinatorEpoch: 0 };
      assert.equal(await writeMarker(topic, marker, version), 0);
      const { values, lastStableOffset, aborted } = await readCommitted(broker, topic);
      assert.deepEqual([values, lastStableOffset, aborted.length], [[], 2, 1]);
      accepted(await producer.end(false));
    }
  });

  test("an older epoch of the producer is refused, an older coordinator too; unknown partitions are told", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    accepted(await producer.init());
    accepted(await producer.produce(topic, "x"));
    const { producerId, producerEpoch } = producer;
    const marker = { producerId, producerEpoch, transactionResult: false, coordinatorEpoch: 5 };
    assert.equal(await writeMarker(topic, { ...marker, producerEpoch: producerEpoch - 1 }), 47);
    assert.equal(await writeMarker(topic, marker), 0);
    assert.equal(await writeMarker(topic, { ...marker, coordinatorEpoch: 4 }), 52);
    assert.equal(await writeMarker({ name: fresh("unknown"), id: "" }, marker), 3);
    assert.deepEqual(await story(broker, topic), ["x", "ABORT"]);
  });

  test("several markers at once: each producer is answered once, for each of its partitions", async () => {
    const topic = await createTopic(broker, 2);
    const [a, b] = [await Producer.of(), await Producer.of()];
    for (const each of [a, b]) {
      for (const partition of [0, 1]) accepted(await each.produce(topic, "x", { partition }));
    }
    const marker = (
      { producerId, producerEpoch }: Producer,
      transactionResult: boolean,
      partitionIndexes: number[],
    ) => {
      const topics = partitionIndexes.length === 0 ? [] : [{ name: topic.name, partitionIndexes }];
      return { producerId, producerEpoch, transactionResult, topics, coordinatorEpoch: 0, transactionVersion: 0 };
    };
    const asked = [marker(a, true, [0]), marker(b, false, [1, 0, 9]), marker(a, false, [1])];
    const { markers } = await broker.ask("WriteTxnMarkers", { markers: asked });
    const told = markers.map((each: Value) => {
      const partitions = each.topics.flatMap((of: Value) => of.partitions);
      const codes = partitions.map(({ partitionIndex, errorCode }: Value) => `${partitionIndex}: ${errorCode}`);
      return [each.producerId, codes.toSorted().join(", ")];
    });
    const expected = [
      [a.producerId, "0: 0, 1: 0"],
      [b.producerId, "0: 0, 1: 0, 9: 3"],
    ];
    assert.deepEqual(new Map(told), new Map(expected as [number, string][]));
    assert.equal(told.length, 2);
    assert.deepEqual((await story(broker, topic)).toSorted(), ["ABORT", "COMMIT", "x", "x"]);
    assert.deepEqual((await story(broker, topic, 1)).toSorted(), ["ABORT", "ABORT", "x", "x"]);
    for (const none of [[], [marker(a, true, [])]]) {
      assert.deepEqual((await broker.ask("WriteTxnMarkers", { markers: none })).markers, []);
    }
  });

  test("a marker of nobody is refused, and nothing is written", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    accepted(await producer.produce(topic, "x"));
    const { producerId, producerEpoch } = producer;
    const marker = { producerId, producerEpoch, transactionResult: false, coordinatorEpoch: 0 };
    assert.equal(await writeMarker(topic, { ...marker, producerEpoch: -1 }), -1);
    assert.equal(await writeMarker(topic, { ...marker, producerId: -1 }), -1);
    assert.deepEqual(await story(broker, topic), ["x"]);
    accepted(await producer.end(false));
  });

  test("with transactionVersion 2 the epoch must be a later one than that of the transaction", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of();
    accepted(await producer.produce(topic, "x"));
    const { producerId, producerEpoch } = producer;
    const marker = { producerId, producerEpoch, transactionResult: false, transactionVersion: 2 };
    assert.equal(await writeMarker(topic, marker), 47);
    assert.equal(await writeMarker(topic, { ...marker, producerEpoch: producerEpoch + 1 }), 0);
    assert.deepEqual(await story(broker, topic), ["x", "ABORT"]);
  });
});
