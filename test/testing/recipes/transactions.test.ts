import assert from "node:assert/strict";
import { test } from "node:test";
import { exactlyOnce, Kafka, TransactionAbortedError } from "../../../src/client/index.ts";
import { startBroker } from "../../../src/testing/index.ts";

const values = ["one", "two", "three", "four"];

test("does my transfer book once when its transaction fails?", async () => {
  await using kafka = await startBroker({ topics: ["payments", "bookings"] });
  await kafka.topic("payments").produce(values);
  const fault = kafka.on("EndTxn").once().fail("TRANSACTION_ABORTABLE"); // the first commit
  const client = new Kafka({ bootstrapServers: kafka.bootstrapServers, clientId: "transfer" });
  const reading = { groupId: "transfer", autoOffsetReset: "earliest", enableAutoCommit: false } as const;
  await using consumer = client.consumer({ ...reading, isolationLevel: "read_committed" });
  await consumer.subscribe("payments");
  await using producer = client.producer({ transactionalId: "transfer-1" });
  const ending = new AbortController();
  const transfer = exactlyOnce({
    ...{ consumer, producer, signal: ending.signal },
    process: (records, tx) => tx.sendBatch(records.map(({ value }) => ({ topic: "bookings", value }))),
  });
  await kafka.topic("payments").consumed("transfer"); // the offsets of the second transaction count
  ending.abort();
  await transfer;
  assert.equal(fault.hits, 1);
  const auditing = { ...reading, groupId: "audit", isolationLevel: "read_committed" } as const;
  await using auditor = client.consumer({ ...auditing, valueDeserializer: "string" });
  await auditor.subscribe("bookings");
  const booked: string[] = [];
  for await (const { value } of auditor) if (booked.push(value!) === values.length) break;
  assert.deepEqual(booked, values);
  // Four that were aborted, four that count, and a marker behind each transaction.
  assert.deepEqual(kafka.topic("bookings").endOffsets(), [10]);
});

test("what happens when my transaction takes too long?", async () => {
  await using kafka = await startBroker({ topics: ["bookings"], clock: "virtual" });
  const client = new Kafka({ bootstrapServers: kafka.bootstrapServers });
  await using producer = client.producer({ transactionalId: "transfer-1", transactionTimeoutMs: 60_000 });
  const slow = producer.transaction(async (tx) => {
    await tx.send({ topic: "bookings", value: "late" });
    await kafka.clock.advance("70s"); // longer than transaction.timeout.ms: the coordinator aborts it
  });
  await assert.rejects(slow, (error) => error instanceof TransactionAbortedError && error.retriable);
  await producer.transaction((tx) => tx.send({ topic: "bookings", value: "in time" })); // the producer goes on
});
