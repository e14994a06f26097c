import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { describeTransaction, Producer, patiently, story } from "../producer.ts";
import { accepted, createTopic, fresh, open, refused } from "../suite.ts";
import type { Value } from "../wire/codec.ts";
import { ConnectionClosed } from "../wire/connection.ts";

const broker = await open();

/** Java's String.hashCode. */
const hashOf = (text: string) => [...text].reduce((sum, each) => (31 * sum + each.charCodeAt(0)) | 0, 0);

suite("Transactions: who coordinates", { concurrency: true }, () => {
  test("FindCoordinator with key type 1, one id or several", async () => {
    const id = fresh("tx");
    const node = (await broker.ask("Metadata", { topics: [] })).brokers[0];
    for (const version of [1, 2, 3]) {
      const answer = accepted(await broker.ask("FindCoordinator", { key: id, keyType: 1 }, version));
      assert.deepEqual([answer.nodeId, answer.host, answer.port], [node.nodeId, node.host, node.port]);
    }
    for (const version of [4, 5, 6]) {
      const body = { keyType: 1, coordinatorKeys: [id, "other"] };
      const { coordinators } = await broker.ask("FindCoordinator", body, version);
      for (const each of coordinators) assert.equal(accepted(each).nodeId, node.nodeId);
      assert.deepEqual(
        coordinators.map((each: Value) => each.key),
        [id, "other"],
      );
    }
  });

  test("__transaction_state has 50 partitions, is compacted and internal", async () => {
    const name = "__transaction_state";
    const { topics } = await broker.ask("Metadata", { topics: [{ name }] });
    assert.deepEqual([accepted(topics[0]).partitions.length, topics[0].isInternal], [50, true]);
    const { results } = await broker.ask("DescribeConfigs", { resources: [{ resourceType: 2, resourceName: name }] });
    const configs = new Map(accepted(results[0]).configs.map((each: Value) => [each.name, each.value]));
    assert.equal(configs.get("cleanup.policy"), "compact");
    assert.equal(configs.get("segment.bytes"), "104857600");
  });

  test("transaction.version 2 is finalized, as in every new cluster", async () => {
    const answer = accepted(await broker.ask("ApiVersions", { clientSoftwareName: "t", clientSoftwareVersion: "1" }));
    const found = answer.finalizedFeatures.find((each: Value) => each.name === "transaction.version");
    assert.deepEqual([found?.minVersionLevel, found?.maxVersionLevel], [2, 2]);
    const supported = answer.supportedFeatures.find((each: Value) => each.name === "transaction.version");
    assert.deepEqual([supported?.minVersion, supported?.maxVersion], [0, 2]);
  });
});

suite("InitProducerId with a transactional id", { concurrency: true }, () => {
  test("in every version: an id at epoch 0, the next start has the same id and the next epoch", async () => {
    for (const version of [0, 1, 2, 3, 4, 5]) {
      const producer = await Producer.of({ transactionalId: fresh(`v${version}`) });
      assert.equal(producer.producerEpoch, 0);
      const again = accepted(await producer.initOnce({}, version));
      assert.deepEqual([again.producerId, again.producerEpoch], [producer.producerId, 1]);
    }
  });

  test("what may not be asked: an empty id, a timeout of nothing or above transaction.max.timeout.ms", async () => {
    const producer = await Producer.of();
    refused(await producer.initOnce({ transactionalId: "" }), "INVALID_REQUEST");
    for (const transactionTimeoutMs of [0, -1, 900_001]) {
      refused(await producer.initOnce({ transactionTimeoutMs }), "INVALID_TRANSACTION_TIMEOUT");
    }
    accepted(await producer.initOnce({ transactionTimeoutMs: 900_000 }));
    assert.equal((await producer.describe()).transactionTimeoutMs, 900_000);
  });

  test("an epoch without an id, or an id without an epoch", async () => {
    const { producerId, initOnce, ...producer } = await Producer.of();
    const ask = (set: Value) => initOnce.call({ ...producer, producerId }, set);
    refused(await ask({ producerId: -1, producerEpoch: 0 }), "INVALID_REQUEST");
    refused(await ask({ producerId, producerEpoch: -1 }), "INVALID_REQUEST");
  });

  test("KIP-939: version 6, with enable2Pc and keepPreparedTxn, is neither advertised nor answered", async () => {
    const { apiKeys } = accepted(
      await broker.ask("ApiVersions", { clientSoftwareName: "t", clientSoftwareVersion: "1" }),
    );
    const { apiKey, minVersion, maxVersion } = apiKeys.find((each: Value) => each.apiKey === 22);
    assert.deepEqual([apiKey, minVersion, maxVersion], [22, 0, 5]);
    const producer = await Producer.of();
    accepted(await producer.produce(await createTopic(broker), "open"));
    for (const set of [
      {},
      { enable2Pc: true },
      { keepPreparedTxn: true },
      { enable2Pc: true, keepPreparedTxn: true },
    ]) {
      const { transactionalId, transactionTimeoutMs } = producer;
      const body = { transactionalId, transactionTimeoutMs, producerId: -1, producerEpoch: -1, ...set };
      await assert.rejects((await open()).ask("InitProducerId", body, 6), ConnectionClosed);
    }
    const { transactionState, producerEpoch } = await producer.describe();
    assert.deepEqual([transactionState, producerEpoch], ["Ongoing", 0], "nothing was done");
    accepted(await producer.end(true));
  });

  test("KIP-360: a producer that names its own epoch gets the next; asked again, the same", async () => {
    const producer = await Producer.of();
    const { producerId, producerEpoch } = producer;
    for (let i = 0; i < 2; i++) {
      const answer = accepted(await producer.initOnce({ producerId, producerEpoch }));
      assert.deepEqual([answer.producerId, answer.producerEpoch], [producerId, producerEpoch + 1]);
    }
    accepted(await producer.init());
    refused(await producer.initOnce({ producerId, producerEpoch }), "PRODUCER_FENCED");
    refused(await producer.initOnce({ producerId, producerEpoch }, 3), "INVALID_PRODUCER_EPOCH");
    refused(await producer.initOnce({ producerId, producerEpoch: 99 }), "PRODUCER_FENCED");
    refused(await producer.initOnce({ producerId: producerId + 1, producerEpoch: 2 }), "PRODUCER_FENCED");
  });

  test("an id that the coordinator does not know, with epoch: it starts anew", async () => {
    const { transactionalId, ...asked } = (await Producer.of()).identity;
    const stranger = await Producer.of();
    const answer = accepted(await stranger.initOnce({ ...asked, transactionalId: fresh("tx") }));
    assert.notEqual(answer.producerId, asked.producerId);
    assert.equal(answer.producerEpoch, 0);
  });

  test("a second producer fences the first: its transaction is aborted, then the second gets its epoch", async () => {
    const own = await createTopic(broker, 2);
    const first = await Producer.of();
    accepted(await first.produce(own, "a"));
    accepted(await first.produce(own, "b", { partition: 1 }));
    const asked = await first.initOnce();
    refused(asked, "CONCURRENT_TRANSACTIONS");
    assert.deepEqual([asked.producerId, asked.producerEpoch], [-1, -1]);
    const second = await Producer.of({ transactionalId: first.transactionalId });
    assert.deepEqual([second.producerId, second.producerEpoch], [first.producerId, first.producerEpoch + 2]);
    assert.deepEqual(await story(broker, own, 0), ["a", "ABORT"]);
    assert.deepEqual(await story(broker, own, 1), ["b", "ABORT"]);
    refused(await first.produce(own, "c"), "INVALID_PRODUCER_EPOCH");
    refused(await first.produce(own, "c", { version: 10 }), "INVALID_PRODUCER_EPOCH");
    for (const version of [2, 3, 4, 5]) refused(await first.end(true, {}, version), "PRODUCER_FENCED");
    for (const version of [0, 1]) refused(await first.end(true, {}, version), "INVALID_PRODUCER_EPOCH");
    for (const version of [2, 3]) assert.deepEqual(await first.add(own, [0], {}, version), [90]);
    for (const version of [0, 1]) assert.deepEqual(await first.add(own, [0], {}, version), [47]);
    for (const version of [2, 3, 4]) refused(await first.addOffsets("g", {}, version), "PRODUCER_FENCED");
    for (const version of [0, 1]) refused(await first.addOffsets("g", {}, version), "INVALID_PRODUCER_EPOCH");
  });

  test("a producer that fails within a transaction goes on with an epoch of its own (KIP-360)", async () => {
    const own = await createTopic(broker);
    const producer = await Producer.of();
    accepted(await producer.produce(own, "a"));
    const { producerId, producerEpoch } = producer;
    accepted(await producer.init({ producerId, producerEpoch }));
    assert.deepEqual([producer.producerId, producer.producerEpoch], [producerId, producerEpoch + 1]);
    assert.deepEqual(await story(broker, own), ["a", "ABORT"]);
    accepted(await producer.produce(own, "b"));
    accepted(await producer.end(true));
  });

  test("the coordinator is that of the id's hash: ids of all partitions live beside each other", async () => {
    const ids = Array.from({ length: 120 }, () => fresh("tx"));
    assert.ok(new Set(ids.map((id) => Math.abs(hashOf(id)) % 50)).size > 30);
    const producers = await Promise.all(
      ids.map(async (transactionalId) =>
        accepted(
          await patiently("an id", () =>
            broker.ask("InitProducerId", { transactionalId, transactionTimeoutMs: 1000 }, 5),
          ),
        ),
      ),
    );
    assert.equal(new Set(producers.map(({ producerId }) => producerId)).size, ids.length);
    for (const id of ids.slice(0, 5)) {
      assert.equal((await describeTransaction(broker, id)).transactionState, "Empty");
    }
  });

  test("epochs run out: the next start has a new id at epoch 0, and the old one is fenced", async () => {
    const producer = await Producer.of();
    const { producerId } = producer;
    const { transactionalId, transactionTimeoutMs } = producer;
    const body = { transactionalId, transactionTimeoutMs };
    const start: [string, Value, number] = ["InitProducerId", body, 4];
    let last = producer.producerEpoch;
    while (last < 32_766) {
      const sent = producer.connection.pipeline(...Array(Math.min(2_000, 32_766 - last)).fill(start));
      for (const answer of sent) last = accepted(await answer).producerEpoch;
    }
    assert.equal(last, 32_766);
    const next = accepted(await producer.initOnce());
    assert.notEqual(next.producerId, producerId);
    assert.equal(next.producerEpoch, 0);
    refused(await producer.initOnce({ producerId, producerEpoch: 32_765 }), "PRODUCER_FENCED");
    refused(await producer.end(true, { producerId, producerEpoch: 32_766 }, 3), "INVALID_PRODUCER_ID_MAPPING");
  });
});
