import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Producer } from "../../../src/client/producer/producer.ts";
import { exactlyOnce } from "../../../src/client/transaction/exactly-once.ts";
import { until } from "../../interop/support/until.ts";
import { startTestBroker, unique } from "../broker.ts";
import { testClient } from "../support/consumers.ts";
import { Copier, type CopierOptions, copyTo, type Process } from "../support/copier.ts";
import { valuesOf } from "../support/transactions.ts";

const bootstrapServers = await startTestBroker({
  "group.min.session.timeout.ms": "100",
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "200",
});
const client = testClient(bootstrapServers);
const { kafka } = client;
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `${from + index}`);

const noSignal = { signal: new AbortController().signal };

type Held = PromiseWithResolvers<void>;

function copier(groupId: string, topic: string, process: Process, more: Partial<CopierOptions> = {}): Copier {
  return new Copier(kafka, { groupId, topic, process, ...more });
}

const sorted = (values: readonly string[]) => values.toSorted((a, b) => Number(a) - Number(b));

async function copied(target: string, count: number): Promise<string[]> {
  return until(`${count} records are copied`, async () => {
    const values = await valuesOf(client, target);
    return values.length >= count && values;
  });
}

suite("exactlyOnce", () => {
  test("copies what is there and what comes, and commits how far it has read", async () => {
    const [topic, target, groupId] = [await client.topic(numbers(50)), await client.topic([]), unique("copiers")];
    await using one = copier(groupId, topic, copyTo(target), { config: { maxPollRecords: 20 } });
    await copied(target, 50);
    await client.produce(topic, 0, numbers(10, 50));
    assert.deepEqual(await copied(target, 60), numbers(60));
    await one.stop();
    assert.equal(await client.committed(groupId, topic), 60);
  });

  test("work that throws ends it: nothing of it counts, and the next run begins with its records", async () => {
    const [topic, target, groupId] = [await client.topic(numbers(5)), await client.topic([]), unique("copiers")];
    {
      await using broken = copier(groupId, topic, async (records, tx) => {
        await copyTo(target)(records, tx, noSignal);
        throw new RangeError("cannot do it");
      });
      await assert.rejects(broken.ended, new RangeError("cannot do it"));
      assert.equal(await client.committed(groupId, topic), undefined);
    }
    await using one = copier(groupId, topic, copyTo(target));
    assert.deepEqual(await copied(target, 5), numbers(5));
    await one.stop();
  });

  test("work that ends the transaction by itself ends it, and its records are not passed over", async () => {
    const [topic, target, groupId] = [await client.topic(numbers(5)), await client.topic([]), unique("copiers")];
    {
      await using broken = copier(groupId, topic, async (records, tx) => {
        await copyTo(target)(records, tx, noSignal);
        await tx.abort();
      });
      await assert.rejects(broken.ended, { name: "InvalidStateError", message: /process has ended the transaction/ });
      assert.equal(await client.committed(groupId, topic), undefined);
    }
    await using one = copier(groupId, topic, copyTo(target));
    assert.deepEqual(await copied(target, 5), numbers(5));
    await one.stop();
  });

  test("the same consumer goes on with them, too", async () => {
    const [topic, target] = [await client.topic(numbers(5)), await client.topic([])];
    await using consumer = client.consumer(unique("copiers"), { enableAutoCommit: false });
    await using producer = kafka.producer({ transactionalId: unique("copier") });
    await consumer.subscribe(topic);
    const broken = exactlyOnce({ consumer, producer, process: () => Promise.reject(new Error("no")) });
    await assert.rejects(broken, /^Error: no$/);
    const running = exactlyOnce({ consumer, producer, process: copyTo(target) });
    assert.deepEqual(await copied(target, 5), numbers(5));
    await consumer.close();
    await running;
  });

  test("each record counts once, however often the group rebalances", async () => {
    const partitions = [0, 1, 2, 3].map((partition) => numbers(150, 150 * partition));
    const [topic, target, groupId] = [await client.topic(...partitions), await client.topic([]), unique("copiers")];
    const slowly: Process = async (records, tx) => {
      await copyTo(target)(records, tx, noSignal);
      await new Promise(setImmediate);
    };
    const start = () => copier(groupId, topic, slowly, { config: { maxPollRecords: 10, heartbeatIntervalMs: 100 } });
    await using first = start();
    await copied(target, 30);
    {
      await using second = start();
      await until("the second has partitions", () => second.consumer.assignment().length > 0);
      await copied(target, 150);
      await using _third = start();
      await copied(target, 300);
    }
    const values = await copied(target, 600);
    assert.deepEqual(sorted(values), numbers(600));
    await first.stop();
  });

  test("who loses its partitions at work is told, its transaction is aborted, and another does the work", async () => {
    const [topic, target, groupId] = [await client.topic(numbers(5)), await client.topic([]), unique("copiers")];
    const [isStuck, isTold, isDone] = [0, 0, 0].map(() => Promise.withResolvers<void>()) as Held[];
    const stuck: Process = async (records, tx, { signal }) => {
      signal.addEventListener("abort", () => isTold!.resolve());
      isStuck!.resolve();
      await isDone!.promise;
      await copyTo(target)(records, tx, { signal });
    };
    await using slow = copier(groupId, topic, stuck, { config: { maxPollIntervalMs: 500 } });
    await isStuck!.promise;
    await using other = copier(groupId, topic, copyTo(target));
    await isTold!.promise;
    await until("the other has done the work", async () => (await client.committed(groupId, topic)) === 5);
    isDone!.resolve();
    await Promise.all([slow.stop(), other.stop()]);
    assert.deepEqual(await copied(target, 5), numbers(5));
    assert.equal(await client.committed(groupId, topic), 5);
  });

  test("an application that seeks while it works is not overruled: the transaction is aborted", async () => {
    const [topic, target, groupId] = [await client.topic(numbers(5)), await client.topic([]), unique("copiers")];
    const sizes: number[] = [];
    await using one: Copier = copier(groupId, topic, async (records, tx, context) => {
      sizes.push(records.length);
      await copyTo(target)(records, tx, context);
      if (sizes.length === 1) await one.consumer.seek({ topic, partition: 0 }, 2);
    });
    assert.deepEqual(await copied(target, 3), ["2", "3", "4"]);
    await one.stop();
    assert.deepEqual(sizes, [5, 3]);
  });

  test("a transaction that took longer than transaction.timeout.ms is done anew by the same producer", async () => {
    const [topic, target, groupId] = [await client.topic(numbers(5)), await client.topic([]), unique("copiers")];
    const transactionalId = unique("copier");
    const isAborted = () =>
      until("the coordinator has aborted it", async () => {
        const [told] = await client.admin.describeTransactions([transactionalId]);
        return told!.state === "CompleteAbort";
      });
    // Late with the commit, with the next record, and with its end by itself.
    const late = [() => {}, copyTo(target), () => Promise.reject(new Error("cannot do it"))];
    let calls = 0;
    const process: Process = async (records, tx, context) => {
      calls++;
      await copyTo(target)(records, tx, context);
      if (late.length === 0) return;
      await isAborted();
      await late.shift()!(records, tx, context);
    };
    const options = { transactionalId, transactionTimeoutMs: 300 };
    {
      await using broken = copier(groupId, topic, process, options);
      await assert.rejects(broken.ended, /^Error: cannot do it$/);
      assert.equal(calls, 3);
    }
    await using one = copier(groupId, topic, process, options);
    assert.deepEqual(await copied(target, 5), numbers(5));
    await one.stop();
    assert.deepEqual([calls, await client.committed(groupId, topic)], [4, 5]);
  });

  test("who is fenced goes on with another producer, where it may make one", async () => {
    const [topic, target, groupId] = [await client.topic(numbers(5)), await client.topic([]), unique("copiers")];
    const transactionalId = unique("copier");
    const made: Producer[] = [];
    const makeProducer = () => {
      made.push(kafka.producer({ transactionalId }));
      return made.at(-1)!;
    };
    await using newer = kafka.producer({ transactionalId });
    let calls = 0;
    const fencedAtFirst: Process = async (records, tx, context) => {
      await copyTo(target)(records, tx, context);
      if (++calls === 1) await newer.initTransactions();
    };
    await using one = copier(groupId, topic, fencedAtFirst, { makeProducer });
    assert.deepEqual(await copied(target, 5), numbers(5));
    const late = newer.transaction((tx) => tx.send({ topic: target, value: "late", partition: 0 }));
    await assert.rejects(late, { name: "ProducerFencedError" });
    await one.stop();
    assert.deepEqual([calls, made.length, await client.committed(groupId, topic)], [2, 2, 5]);
    for (const each of made) await assert.rejects(each.beginTransaction(), { code: "CLIENT_CLOSED" });
  });

  test("a maker of producers that cannot begin ends it", async () => {
    const [topic, groupId] = [await client.topic(numbers(5)), unique("copiers")];
    let made = 0;
    const makeProducer = () => {
      made++;
      return kafka.producer({ transactionalId: unique("copier"), transactionTimeoutMs: 900_001 });
    };
    await using one = copier(groupId, topic, () => {}, { makeProducer });
    await assert.rejects(one.ended, { name: "TransactionFailedError", code: "INVALID_TRANSACTION_TIMEOUT" });
    assert.equal(made, 1);
  });

  test("who is fenced ends, and the newer one does the work", async () => {
    const [topic, target, groupId] = [await client.topic(numbers(5)), await client.topic([]), unique("copiers")];
    const transactionalId = unique("copier");
    const [isIn, mayGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const held: Process = async (records, tx, context) => {
      await copyTo(target)(records, tx, context);
      isIn.resolve();
      await mayGo.promise;
    };
    await using older = copier(groupId, topic, held, { transactionalId });
    await isIn.promise;
    await using newer = kafka.producer({ transactionalId });
    await newer.initTransactions();
    mayGo.resolve();
    await assert.rejects(older.ended, { name: "ProducerFencedError", fatal: true });
    await older.consumer.close();
    await using next = copier(groupId, topic, copyTo(target));
    assert.deepEqual(await copied(target, 5), numbers(5));
    await next.stop();
  });

  test("who has lost its partitions and its producer, too, ends at once", async () => {
    const [topic, target, groupId] = [await client.topic(numbers(5)), await client.topic([]), unique("copiers")];
    const transactionalId = unique("copier");
    const [isStuck, isTold] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const stuck: Process = async (records, tx, { signal }) => {
      await copyTo(target)(records, tx, { signal });
      signal.addEventListener("abort", () => isTold.resolve());
      isStuck.resolve();
      await isTold.promise;
      await using newer = kafka.producer({ transactionalId });
      await newer.initTransactions();
      await until("the other has the partition", () => other.consumer.assignment().length > 0);
    };
    await using slow = copier(groupId, topic, stuck, { transactionalId, config: { maxPollIntervalMs: 500 } });
    await isStuck.promise;
    await using other = copier(groupId, topic, copyTo(target));
    await assert.rejects(slow.ended, { name: "ProducerFencedError" });
    assert.deepEqual(await copied(target, 5), numbers(5));
    await other.stop();
  });

  test("a transaction that the group refuses is done anew", async () => {
    const [topic, target, groupId] = [await client.topic(numbers(5)), await client.topic([]), unique("copiers")];
    let calls = 0;
    await using one: Copier = copier(groupId, topic, async (records, tx, context) => {
      await copyTo(target)(records, tx, context);
      // A membership that the group does not know, for once.
      if (++calls === 1) {
        const stranger = { ...one.consumer.groupMetadata(), groupId, memberId: "stranger" };
        await tx.sendOffsets(stranger, { topic, partition: 0, offset: 5 });
      }
    });
    assert.deepEqual(await copied(target, 5), numbers(5));
    await one.stop();
    assert.equal(calls, 2);
  });

  test("refuses a consumer that commits beside it, or is in no group, and a second reader", async () => {
    await using producer = kafka.producer({ transactionalId: unique("copier") });
    await using auto = client.consumer(unique("g"));
    await using alone = kafka.consumer({ enableAutoCommit: false });
    const process = () => {};
    await assert.rejects(exactlyOnce({ consumer: auto, producer, process }), /enable.auto.commit must be false/);
    await assert.rejects(exactlyOnce({ consumer: alone, producer, process }), /is in no group/);
    await using plain = kafka.producer();
    await using consumer = client.consumer(unique("g"), { enableAutoCommit: false });
    await assert.rejects(exactlyOnce({ consumer, producer: plain, process }), /transactional.id/);
    const abort = new AbortController();
    const running = exactlyOnce({ consumer, producer, process, signal: abort.signal });
    await assert.rejects(exactlyOnce({ consumer, producer, process }), { code: "INVALID_STATE" });
    abort.abort();
    await running;
  });
});
