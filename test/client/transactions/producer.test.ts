import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { TransactionAbortedError } from "../../../src/client/transaction/errors.ts";
import { until } from "../../interop/support/until.ts";
import { startTestBroker, unique } from "../broker.ts";
import { testClient } from "../support/consumers.ts";
import { producerOf, protocols, valuesOf } from "../support/transactions.ts";

const bootstrapServers = await startTestBroker({
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "200",
});
const client = testClient(bootstrapServers);
const { kafka, admin } = client;

for (const protocol of protocols) {
  suite(`a transactional producer, protocol ${protocol}`, () => {
    test("what is sent in a transaction is read once it is committed, and the work's result is passed on", async () => {
      const topic = await client.topic([]);
      await using producer = producerOf(bootstrapServers, protocol);
      const result = await producer.transaction(async (tx) => {
        const { offset } = await tx.send({ topic, value: "a", partition: 0 });
        await tx.sendBatch([{ topic, value: "b", partition: 0 }]);
        assert.deepEqual(await valuesOf(client, topic), []);
        assert.deepEqual(await valuesOf(client, topic, "read_uncommitted"), ["a", "b"]);
        return offset;
      });
      assert.equal(result, 0);
      await committed(topic, ["a", "b"]);
    });

    test("work that throws aborts: readers of what is committed see none of it, and go on behind it", async () => {
      const topic = await client.topic([]);
      await using producer = producerOf(bootstrapServers, protocol);
      const broken = producer.transaction(async (tx) => {
        await tx.send({ topic, value: "half", partition: 0 });
        throw new RangeError("no such account");
      });
      await assert.rejects(broken, new RangeError("no such account"));
      await producer.transaction((tx) => tx.send({ topic, value: "whole", partition: 0 }));
      await committed(topic, ["whole"]);
      assert.deepEqual(await valuesOf(client, topic, "read_uncommitted"), ["half", "whole"]);
    });

    test("many transactions in a row keep order and sequence, in several partitions", async () => {
      const topic = await client.topic([], []);
      await using producer = producerOf(bootstrapServers, protocol);
      const kept: string[] = [];
      for (let i = 0; i < 30; i++) {
        const isKept = i % 3 !== 1;
        const work = producer.transaction(async (tx) => {
          for (const partition of [0, 1]) void tx.send({ topic, value: `${i}`, partition });
          if (!isKept) throw new Error("undone");
        });
        await work.catch((error: Error) => assert.equal(error.message, "undone"));
        if (isKept) kept.push(`${i}`);
      }
      await committed(topic, kept);
    });

    test("an empty transaction ends, either way, and asks nobody", async () => {
      await using producer = producerOf(bootstrapServers, protocol);
      assert.equal(await producer.transaction(() => 7), 7);
      await assert.rejects(
        producer.transaction(() => Promise.reject(new Error("no"))),
        /^Error: no$/,
      );
    });

    test("a record that is refused aborts its transaction, also if nobody awaits it; the next one goes", async () => {
      const topic = unique("small");
      await admin.createTopics([
        { topic, numPartitions: 1, replicationFactor: 1, configs: { "max.message.bytes": "500" } },
      ]);
      await using producer = producerOf(bootstrapServers, protocol);
      await producer.transaction((tx) => tx.send({ topic, value: "before", partition: 0 }));
      const refused = producer.transaction(async (tx) => {
        await tx.send({ topic, value: "small", partition: 0 });
        void tx.send({ topic, value: "x".repeat(1000), partition: 0 });
      });
      await assert.rejects(refused, (error) => {
        assert.ok(error instanceof TransactionAbortedError);
        assert.deepEqual([error.code, error.retriable, error.fatal], ["MESSAGE_TOO_LARGE", false, false]);
        return true;
      });
      await producer.transaction((tx) => tx.send({ topic, value: "after", partition: 0 }));
      await committed(topic, ["before", "after"]);
    });

    test("after an error all calls of the transaction reject with it, and only an abort helps", async () => {
      const topic = await client.topic([]);
      await using producer = producerOf(bootstrapServers, protocol);
      const tx = await producer.beginTransaction();
      await assert.rejects(tx.send({ topic, value: "x", partition: 9 }), { code: "UNKNOWN_TOPIC_OR_PARTITION" });
      await assert.rejects(tx.send({ topic, value: "x", partition: 0 }), TransactionAbortedError);
      await assert.rejects(tx.commit(), TransactionAbortedError);
      await assert.rejects(tx.send({ topic, value: "x", partition: 0 }), { code: "INVALID_STATE" });
      await producer.transaction((next) => next.send({ topic, value: "next", partition: 0 }));
      await committed(topic, ["next"]);
    });

    test("a newer producer of the same transactional.id fences the older one, and ends what it left open", async () => {
      const topic = await client.topic([]);
      const transactionalId = unique("transfers");
      await using older = producerOf(bootstrapServers, protocol, { transactionalId });
      const open = await older.beginTransaction();
      await open.send({ topic, value: "zombie", partition: 0 });
      await using newer = producerOf(bootstrapServers, protocol, { transactionalId });
      await newer.transaction((tx) => tx.send({ topic, value: "new", partition: 0 }));
      const fenced = { name: "ProducerFencedError", code: "PRODUCER_FENCED", fatal: true };
      await assert.rejects(open.commit(), fenced);
      await assert.rejects(
        older.transaction(() => {}),
        fenced,
      );
      await newer.transaction((tx) => tx.send({ topic, value: "newer", partition: 0 }));
      await committed(topic, ["new", "newer"]);
    });

    test("one that is open for longer than transaction.timeout.ms is aborted, and its producer goes on", async () => {
      const topic = await client.topic([]);
      const transactionalId = unique("transfers");
      await using producer = producerOf(bootstrapServers, protocol, { transactionalId, transactionTimeoutMs: 300 });
      const isAborted = () =>
        until("the coordinator has aborted it", async () => {
          const [told] = await admin.describeTransactions([transactionalId]);
          return told!.state === "CompleteAbort";
        });
      const aborted = { name: "TransactionAbortedError", fatal: false, retriable: true };
      const message = /transaction.timeout.ms/;
      const committedLate = producer.transaction(async (tx) => {
        await tx.send({ topic, value: "late", partition: 0 });
        await isAborted();
      });
      await assert.rejects(committedLate, { ...aborted, message });
      const sentLate = producer.transaction(async (tx) => {
        await tx.send({ topic, value: "early", partition: 0 });
        await isAborted();
        const sent = tx.send({ topic, value: "too late", partition: 0 });
        await assert.rejects(sent, { ...aborted, code: "INVALID_PRODUCER_EPOCH", message });
      });
      await assert.rejects(sentLate, { ...aborted, code: "INVALID_PRODUCER_EPOCH", message });
      const work = await producer.beginTransaction();
      await work.send({ topic, value: "left", partition: 0 });
      await isAborted();
      await work.abort();
      await producer.transaction((tx) => tx.send({ topic, value: "in time", partition: 0 }));
      await committed(topic, ["in time"]);
    });

    test("await using aborts what is not committed, and so does close", async () => {
      const topic = await client.topic([]);
      await using producer = producerOf(bootstrapServers, protocol);
      {
        await using tx = await producer.beginTransaction();
        await tx.send({ topic, value: "left", partition: 0 });
      }
      const closed = producerOf(bootstrapServers, protocol);
      const tx = await closed.beginTransaction();
      await tx.send({ topic, value: "closed", partition: 0 });
      await closed.close();
      await assert.rejects(tx.commit(), { code: "TRANSACTION_ABORTED" });
      await producer.transaction((next) => next.send({ topic, value: "kept", partition: 0 }));
      await committed(topic, ["kept"]);
    });
  });
}

/** The marker may reach the partition after the commit was answered. */
async function committed(topic: string, values: readonly string[]): Promise<void> {
  const last = await until("the last transaction has ended in the log", async () => {
    const seen = await valuesOf(client, topic);
    return seen.length >= values.length && seen;
  });
  assert.deepEqual(last, values);
}

suite("what a transactional producer refuses", () => {
  test("sending outside of a transaction, and a transaction without transactional.id", async () => {
    await using producer = producerOf(bootstrapServers, "v2");
    const outside = { code: "INVALID_STATE", message: /sends in transactions only/ };
    await assert.rejects(producer.send({ topic: "orders", value: "x" }), outside);
    await assert.rejects(producer.sendBatch([{ topic: "orders", value: "x" }]), outside);
    await using plain = kafka.producer();
    await assert.rejects(
      plain.transaction(() => {}),
      { code: "INVALID_CONFIG_VALUE" },
    );
  });

  test("two transactions at once", async () => {
    await using producer = producerOf(bootstrapServers, "v2");
    await using _open = await producer.beginTransaction();
    await assert.rejects(producer.beginTransaction(), { code: "INVALID_STATE", message: /a transaction is open/ });
  });

  test("keys that contradict each other", () => {
    const transactionalId = "x";
    assert.throws(() => kafka.producer({ transactionalId, acks: 1 }), /acks must be all/);
    assert.throws(() => kafka.producer({ transactionalId, retries: 0 }), /retries must not be 0/);
    assert.throws(() => kafka.producer({ transactionalId, enableIdempotence: false }), /enable.idempotence/);
    assert.throws(() => kafka.producer({ transactionalId: "" }), /transactional.id: expected a text/);
  });

  test("a transaction.timeout.ms beyond what the broker allows", async () => {
    await using producer = producerOf(bootstrapServers, "v2", { transactionTimeoutMs: 0x7fffffff });
    await assert.rejects(producer.initTransactions(), { code: "INVALID_TRANSACTION_TIMEOUT", fatal: true });
  });
});
