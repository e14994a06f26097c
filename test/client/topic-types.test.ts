/** Topics with types. What must not compile stands behind `@ts-expect-error`: `npm run check` reads it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Kafka } from "../../src/client/kafka.ts";
import { exactlyOnce } from "../../src/client/transaction/exactly-once.ts";
import { startTestBroker, unique } from "./broker.ts";

interface Order {
  readonly id: number;
  readonly items: readonly string[];
}

const bootstrapServers = await startTestBroker();
const orders = unique("orders");
const alerts = unique("alerts");
const names = { orders: orders as "orders", alerts: alerts as "alerts" };

const kafka = new Kafka<{ orders: Order; alerts: string }>({ bootstrapServers, clientId: "types" });

test("topics with types: names and values are checked when sent and known when read", async () => {
  await using admin = kafka.admin();
  await admin.createTopics([{ topic: orders }, { topic: alerts }]);
  await using producer = kafka.producer({ valueSerializer: "json" });
  await producer.send({ topic: names.orders, key: "k", value: { id: 7, items: ["pen"] } });
  await producer.sendBatch([{ topic: names.alerts, value: "late" }]);

  const groupId = unique("billing");
  await using consumer = kafka.consumer({ groupId, autoOffsetReset: "earliest", valueDeserializer: "json" });
  await consumer.subscribe([names.orders, names.alerts]);
  const seen: (number | string | undefined)[] = [];
  for await (const record of consumer) {
    if (record.topic === names.orders) {
      const order: Order | null = record.value;
      seen.push(order?.items[0]);
    } else {
      const alert: string | null = record.value;
      seen.push(alert?.length);
    }
    if (seen.length === 2) break;
  }
  assert.deepEqual(new Set(seen), new Set(["pen", 4]));
});

/** Never called: only its types matter. */
export async function refusedByTheCompiler(): Promise<void> {
  const producer = kafka.producer({ valueSerializer: "json" });
  // @ts-expect-error there is no such topic
  await producer.send({ topic: "invoices", value: "v" });
  // @ts-expect-error an order has items
  await producer.send({ topic: "orders", value: { id: 7 } });
  // @ts-expect-error orders are no texts
  await producer.sendBatch([{ topic: "orders", value: "late" }]);
  await producer.send({ topic: "orders", value: null });
  // @ts-expect-error without a serializer values are bytes or texts
  await kafka.producer().send({ topic: "orders", value: { id: 7, items: [] } });
  await kafka.producer().send({ topic: "alerts", value: "late" });

  await producer.transaction(async (tx) => {
    await tx.send({ topic: "alerts", value: "late" });
    // @ts-expect-error an order has items
    await tx.send({ topic: "orders", value: { id: 7 } });
  });

  const consumer = kafka.consumer({ groupId: "billing", valueDeserializer: "json" });
  await exactlyOnce({
    consumer,
    producer,
    process: async (records, tx) => {
      for (const record of records) {
        if (record.topic === "orders") await tx.send({ topic: "alerts", value: record.value?.items[0] ?? null });
        // @ts-expect-error alerts have no items
        else await tx.send({ topic: "alerts", value: record.value?.items });
      }
    },
  });
  await exactlyOnce({
    consumer,
    producer: () => kafka.producer({ transactionalId: "billing", valueSerializer: "json" }),
    process: async ([record], tx) => {
      if (record?.topic === "orders") await tx.send({ topic: "orders", value: record.value });
      // @ts-expect-error an order is no alert
      if (record?.topic === "orders") await tx.send({ topic: "alerts", value: record.value });
    },
  });
  // @ts-expect-error there is no such topic
  await consumer.subscribe("invoices");
  await consumer.subscribe({ pattern: "ord.*" });
  await consumer.run({
    eachRecord: ({ topic, value }) => {
      // @ts-expect-error it may be an alert as well
      if (topic !== "alerts" && value !== null) return value.length;
      return topic === "orders" ? value?.items : value?.length;
    },
  });
  for await (const batch of consumer.batches()) {
    if (batch.topic === "orders") for (const { value } of batch.records) value?.items.join();
    // @ts-expect-error alerts have no items
    else for (const { value } of batch.records) value?.items.join();
  }
  // Without a deserializer there are bytes, whatever the topic's type says.
  for await (const { value } of kafka.consumer({ groupId: "billing" })) value satisfies Uint8Array | null;
  // @ts-expect-error a client of topics with types is no client of any topic
  const any: Kafka = kafka;
  await any.admin().close();
}

test("topics without types take any name, and give what the deserializers say", async () => {
  const untyped = new Kafka({ bootstrapServers });
  const producer = untyped.producer<string, { id: number }>({ valueSerializer: "json" });
  const consumer = untyped.consumer({ groupId: "billing", valueDeserializer: (bytes) => bytes.length });
  const records: AsyncIterable<{ readonly topic: string; readonly value: number | null }> = consumer;
  assert.ok(Symbol.asyncIterator in records);
  await Promise.all([producer.close(), consumer.close()]);
});
