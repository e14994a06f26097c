import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Producer, story } from "../producer.ts";
import { accepted, createTopic, fresh, open, refused } from "../suite.ts";
import type { Value } from "../wire/codec.ts";
import { errorName } from "../wire/errors.ts";

const broker = await open();
const topic = await createTopic(broker, 2);

/** Java's String.hashCode. */
const hashOf = (text: string) => [...text].reduce((sum, each) => (31 * sum + each.charCodeAt(0)) | 0, 0);

suite("AddPartitionsToTxn, AddOffsetsToTxn", { concurrency: true }, () => {
  test("versions 0 to 3 add, and the transaction begins with it", async () => {
    for (const version of [0, 1, 2, 3]) {
      const producer = await Producer.of();
      assert.equal((await producer.describe()).transactionState, "Empty");
      assert.deepEqual(await producer.add(topic, [0], {}, version), [0]);
      assert.deepEqual(await producer.add(topic, [1, 0], {}, version), [0, 0]);
      const found = await producer.describe();
      assert.equal(found.transactionState, "Ongoing");
      assert.equal(found.topics[0].topic, topic.name);
      assert.deepEqual(found.topics[0].partitions.sort(), [0, 1]);
      assert.ok(Math.abs(found.transactionStartTimeMs - Date.now()) < 60_000);
      accepted(await producer.end(false, {}, 3));
    }
  });

  test("versions 4 and 5 are the brokers': several transactions at once, each answered for itself", async () => {
    const [a, b] = [await Producer.of(), await Producer.of()];
    for (const version of [4, 5]) {
      const transactions = [a, b].map(({ identity }) => ({
        ...identity,
        verifyOnly: false,
        topics: [{ name: topic.name, partitions: [0] }],
      }));
      const answer = accepted(await broker.ask("AddPartitionsToTxn", { transactions }, version));
      const ids = answer.resultsByTransaction.map((each: Value) => each.transactionalId);
      assert.deepEqual(ids.sort(), [a.transactionalId, b.transactionalId].sort());
      for (const each of answer.resultsByTransaction) {
        assert.deepEqual(each.topicResults, [
          { name: topic.name, resultsByPartition: [{ partitionIndex: 0, partitionErrorCode: 0 }] },
        ]);
      }
    }
    for (const each of [a, b]) accepted(await each.end(false));
  });

  test("verifyOnly adds nothing: what is not in the transaction is abortable", async () => {
    const producer = await Producer.of();
    const verify = (partitions: number[], version: number) =>
      producer.addAsBroker(topic, partitions, { verifyOnly: true }, version);
    for (const version of [4, 5]) assert.deepEqual(await verify([0], version), [0, 120]);
    assert.deepEqual(await producer.add(topic), [0]);
    for (const version of [4, 5]) assert.deepEqual(await verify([0, 1], version), [0, 0, 120]);
    assert.deepEqual((await producer.describe()).topics, [{ topic: topic.name, partitions: [0] }]);
    accepted(await producer.end(false, {}, 3));
  });

  test("who adds must be the producer of this id and epoch", async () => {
    const producer = await Producer.of();
    const { producerId } = producer;
    const wrongs: [Value, number, number][] = [
      [{ transactionalId: fresh("unknown") }, 49, 49],
      [{ producerId: producerId + 1 }, 49, 49],
      [{ producerEpoch: 7 }, 90, 90],
      [{ transactionalId: "" }, 42, 42],
    ];
    for (const [set, byClient, byBroker] of wrongs) {
      assert.deepEqual(await producer.add(topic, [0], set), [byClient], JSON.stringify(set));
      for (const verifyOnly of [true, false]) {
        const answer = await producer.addAsBroker(topic, [0], { ...set, verifyOnly });
        assert.deepEqual(answer, [0, byBroker], JSON.stringify(set));
      }
    }
    assert.equal((await producer.describe()).transactionState, "Empty");
  });

  test("one unknown partition, and no partition is added", async () => {
    const producer = await Producer.of();
    assert.deepEqual(await producer.add(topic, [0, 1, 2]), [55, 55, 3]);
    assert.deepEqual(await producer.add({ name: fresh("unknown"), id: "" }, [0]), [3]);
    assert.equal((await producer.describe()).transactionState, "Empty");
  });

  test("a group is added as the partition of __consumer_offsets that it lies in", async () => {
    const group = fresh("g");
    const partition = Math.abs(hashOf(group)) % 50;
    for (const version of [0, 1, 2, 3, 4]) {
      const producer = await Producer.of();
      accepted(await producer.addOffsets(group, {}, version));
      const { transactionState, topics } = await producer.describe();
      assert.deepEqual(
        [transactionState, topics],
        ["Ongoing", [{ topic: "__consumer_offsets", partitions: [partition] }]],
      );
      accepted(await producer.end(true, {}, 3));
    }
    const producer = await Producer.of();
    refused(await producer.addOffsets(group, { producerEpoch: 9 }), "PRODUCER_FENCED");
    refused(await producer.addOffsets(group, { producerId: producer.producerId + 1 }), "INVALID_PRODUCER_ID_MAPPING");
    refused(await producer.addOffsets(group, { transactionalId: fresh("u") }), "INVALID_PRODUCER_ID_MAPPING");
    refused(await producer.addOffsets(group, { transactionalId: "" }), "INVALID_REQUEST");
  });
});

suite("EndTxn", { concurrency: true }, () => {
  test("below version 5 the epoch stays, and a second answer is as the first", async () => {
    for (const version of [0, 1, 2, 3, 4]) {
      const own = await createTopic(broker);
      const producer = await Producer.of();
      for (const committed of [true, false]) {
        assert.deepEqual(await producer.add(own), [0]);
        accepted(await producer.produce(own, `${committed}`, { version: 11 }));
        accepted(await producer.end(committed, {}, version));
        accepted(await producer.end(committed, {}, version));
        refused(await producer.end(!committed, {}, version), "INVALID_TXN_STATE");
      }
      const found = await producer.untilState("CompleteAbort");
      assert.equal(found.producerEpoch, 0);
      assert.deepEqual(await story(broker, own), ["true", "COMMIT", "false", "ABORT"]);
    }
  });

  test("KIP-890: from version 5 on each end gives the next epoch, also to who asks again", async () => {
    const own = await createTopic(broker);
    const producer = await Producer.of();
    for (const committed of [true, false]) {
      const before = producer.identity;
      accepted(await producer.produce(own, `${committed}`));
      accepted(await producer.end(committed));
      assert.deepEqual(producer.identity, { ...before, producerEpoch: before.producerEpoch + 1 });
      const again = accepted(await producer.end(committed, before));
      assert.deepEqual([again.producerId, again.producerEpoch], [producer.producerId, producer.producerEpoch]);
      refused(await producer.end(!committed, before), "INVALID_TXN_STATE");
    }
    assert.deepEqual(await story(broker, own), ["true", "COMMIT", "false", "ABORT"]);
  });

  test("an end of nothing: a commit is refused, an abort is a new epoch (version 5)", async () => {
    const producer = await Producer.of();
    refused(await producer.end(true), "INVALID_TXN_STATE");
    refused(await producer.end(true, {}, 4), "INVALID_TXN_STATE");
    refused(await producer.end(false, {}, 4), "INVALID_TXN_STATE");
    const { producerEpoch } = producer;
    accepted(await producer.end(false));
    assert.equal(producer.producerEpoch, producerEpoch + 1);
    accepted(await producer.end(false));
    assert.equal(producer.producerEpoch, producerEpoch + 2);
  });

  test("who ends must be the producer of this id and epoch", async () => {
    const producer = await Producer.of();
    accepted(await producer.produce(topic, "x"));
    const { producerId } = producer;
    for (const version of [3, 5]) {
      refused(await producer.end(true, { transactionalId: "" }, version), "INVALID_REQUEST");
      refused(await producer.end(true, { transactionalId: fresh("u") }, version), "INVALID_PRODUCER_ID_MAPPING");
      refused(await producer.end(true, { producerId: producerId + 1 }, version), "INVALID_PRODUCER_ID_MAPPING");
      refused(await producer.end(true, { producerEpoch: 5 }, version), "PRODUCER_FENCED");
    }
    assert.equal((await producer.describe()).transactionState, "Ongoing");
    accepted(await producer.end(true));
  });

  test("while the markers are on their way the producer is told to wait", async () => {
    const wide = await createTopic(broker, 60);
    const producer = await Producer.of();
    const all = Array.from({ length: 60 }, (_, index) => index);
    const told = new Set<string>();
    for (let i = 0; i < 20; i++) {
      assert.ok((await producer.add(wide, all)).every((code) => code === 0));
      const { identity } = producer;
      const body = { v3AndBelowTransactionalId: identity.transactionalId, v3AndBelowProducerId: identity.producerId };
      const topics = [{ name: wide.name, partitions: [0] }];
      const next = { ...body, v3AndBelowProducerEpoch: identity.producerEpoch, v3AndBelowTopics: topics };
      const [ended, added] = producer.connection.pipeline(
        ["EndTxn", { ...identity, committed: true }, 3],
        ["AddPartitionsToTxn", next, 3],
      ) as [Promise<Value>, Promise<Value>];
      accepted(await ended);
      const code = (await added).resultsByTopicV3AndBelow[0].resultsByPartition[0].partitionErrorCode;
      told.add(errorName(code));
    }
    for (const each of told) assert.ok(["NONE", "CONCURRENT_TRANSACTIONS"].includes(each), each);
    accepted(await producer.init());
  });
});
