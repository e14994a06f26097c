import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DescribeProducers } from "../../src/protocol/apis/describe-producers.ts";
import { DescribeTransactions } from "../../src/protocol/apis/describe-transactions.ts";
import { FindCoordinator } from "../../src/protocol/apis/find-coordinator.ts";
import { ListTransactions } from "../../src/protocol/apis/list-transactions.ts";
import { Metadata } from "../../src/protocol/apis/metadata.ts";
import { WriteTxnMarkers } from "../../src/protocol/apis/write-txn-markers.ts";
import { startBroker } from "../../src/testing/index.ts";
import { FakeBroker, topicLedBy } from "../client/fake-broker.ts";
import { producerOf } from "../client/support/transactions.ts";
import { on } from "./run-regroup.ts";

const hourMs = 3_600_000;

/** With its transactional id, if its coordinator knows one, and whether that says that it writes to the partition. */
interface Open {
  readonly producerId: number;
  readonly startOffset: number;
  readonly ageMs: number;
  readonly transactionalId?: string;
  readonly isKnown?: boolean;
}

/** A real broker lets none hang, unless it is told to: this one leads orders/0 and remembers these producers. */
async function brokerWith(...producers: readonly Open[]) {
  const broker = await FakeBroker.start();
  broker.on(Metadata, () => broker.metadata([topicLedBy(1, "orders")]));
  broker.on(DescribeProducers, ({ request }) => ({
    topics: request.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({
        partitionIndex,
        errorCode: 0,
        activeProducers: producers.map(({ producerId, startOffset, ageMs }) => ({
          producerId,
          producerEpoch: 3,
          lastTimestamp: Date.now() - ageMs,
          coordinatorEpoch: 9,
          currentTxnStartOffset: startOffset,
        })),
      })),
    })),
  }));
  const known = producers.filter(({ transactionalId }) => transactionalId !== undefined);
  broker.on(ListTransactions, ({ request }) => ({
    errorCode: 0,
    unknownStateFilters: [],
    transactionStates: known
      .filter(({ producerId }) => request.producerIdFilters.includes(producerId))
      .map(({ producerId, transactionalId }) => {
        return { transactionalId: transactionalId!, producerId, transactionState: "Ongoing" };
      }),
  }));
  const [host, port] = broker.bootstrapServers.split(":");
  broker.on(FindCoordinator, ({ request }) => ({
    coordinators: request.coordinatorKeys.map((key) => {
      return { key, nodeId: 1, host: host!, port: Number(port), errorCode: 0, errorMessage: null };
    }),
  }));
  broker.on(DescribeTransactions, ({ request }) => ({
    transactionStates: request.transactionalIds.map((transactionalId) => {
      const { producerId, isKnown } = known.find((each) => each.transactionalId === transactionalId)!;
      const topics = isKnown === true ? [{ topic: "orders", partitions: [0] }] : [{ topic: "orders", partitions: [1] }];
      return {
        errorCode: 0,
        transactionalId,
        transactionState: "Ongoing",
        transactionTimeoutMs: 60_000,
        transactionStartTimeMs: 0,
        producerId,
        producerEpoch: 3,
        topics,
      };
    }),
  }));
  broker.on(WriteTxnMarkers, ({ request }) => ({
    markers: request.markers.map(({ producerId, topics }) => ({
      producerId,
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode: 0 })),
      })),
    })),
  }));
  return { broker, run: on(broker.bootstrapServers) };
}

suite("transactions that hang", () => {
  test("are open for long in a partition that no coordinator's transaction has", async () => {
    const { broker, run } = await brokerWith(
      { producerId: 1, startOffset: 10, ageMs: hourMs },
      { producerId: 2, startOffset: 20, ageMs: hourMs, transactionalId: "known", isKnown: true },
      { producerId: 3, startOffset: 30, ageMs: hourMs, transactionalId: "elsewhere" },
      { producerId: 4, startOffset: -1, ageMs: hourMs },
      { producerId: 5, startOffset: 50, ageMs: hourMs / 60 },
    );
    await using _broker = broker;
    const found = async (...options: string[]) =>
      JSON.parse((await run(0, ["transactions", "find-hanging", ...options, "-o", "json"])).stdout);
    const [first, second, ...others] = await found();
    assert.deepEqual(others, []);
    const { lastTimestamp, durationMs, ...rest } = first;
    assert.ok(Math.abs(Date.now() - Date.parse(lastTimestamp) - hourMs) < 60_000 && durationMs >= hourMs);
    const where = { topic: "orders", partition: 0, producerEpoch: 3, coordinatorEpoch: 9 };
    assert.deepEqual(rest, { ...where, producerId: 1, startOffset: 10 });
    assert.deepEqual([second.producerId, second.startOffset], [3, 30]);
    assert.deepEqual(await found("orders", "--longer-than", "2h"), []);
    assert.equal((await found("orders", "-p", "0", "--longer-than", "30s")).length, 3);
  });

  test("are aborted by where they begin, or by their producer and its epochs", async () => {
    const { broker, run } = await brokerWith({ producerId: 1, startOffset: 10, ageMs: hourMs });
    await using _broker = broker;
    const abort = ["transactions", "abort", "orders", "-p", "0"];
    const byProducer = ["--producer-id", "7", "--producer-epoch", "2", "--coordinator-epoch", "4"];
    await run(0, [...abort, "--start-offset", "10"]);
    await run(0, [...abort, ...byProducer]);
    const { request: first } = await broker.received(WriteTxnMarkers, 1);
    const { request: second } = await broker.received(WriteTxnMarkers, 2);
    const topics = [{ name: "orders", partitionIndexes: [0] }];
    const marker = { transactionResult: false, topics, transactionVersion: 0 };
    assert.deepEqual(first.markers, [{ ...marker, producerId: 1, producerEpoch: 3, coordinatorEpoch: 9 }]);
    assert.deepEqual(second.markers, [{ ...marker, producerId: 7, producerEpoch: 2, coordinatorEpoch: 4 }]);
    for (const options of [[], byProducer.slice(2), [...byProducer, "--start-offset", "10"]]) {
      assert.match((await run(2, [...abort, ...options])).stderr, /expected --start-offset, or --producer-id/);
    }
  });

  test("are left by a client that adds no partitions, where nobody verifies them: found, and aborted", async () => {
    const config = { "transaction.partition.verification.enable": "false" };
    await using broker = await startBroker({ topics: ["orders"], config });
    const run = on(broker.bootstrapServers);
    broker.on("AddPartitionsToTxn").fail("NONE"); // the client believes that it was done
    await using producer = producerOf(broker.bootstrapServers, "v1", { transactionalId: "forgetful" });
    const tx = await producer.beginTransaction();
    await tx.send({ topic: "orders", value: "hangs", timestamp: Date.now() - hourMs });
    const found = async () => JSON.parse((await run(0, ["transactions", "find-hanging", "-o", "json"])).stdout);
    const [hanging, ...others] = await found();
    assert.deepEqual([hanging.topic, hanging.partition, hanging.startOffset, others], ["orders", 0, 0, []]);
    await run(0, ["transactions", "abort", "orders", "-p", "0", "--start-offset", "0"]);
    assert.deepEqual(await found(), []);
    assert.deepEqual(broker.topic("orders").endOffsets(), [2], "the record, and the marker behind it");
  });
});
