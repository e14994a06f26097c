/** Books each payment that it reads: exactly once by a transaction, or at least once by a commit after the work. */
import { parseArgs } from "node:util";
import { exactlyOnce, Kafka } from "regroup";
import { answeringBroker } from "../bootstrap-servers.ts";

const { values } = parseArgs({
  options: {
    name: { type: "string", default: "transfer-1" },
    "exactly-once": { type: "boolean", default: false },
    to: { type: "string", default: "bookings" },
    "crash-in-batch": { type: "string", default: "0" },
  },
});
const { name, to } = values;
const crashInBatch = Number(values["crash-in-batch"]);
const kafka = new Kafka({
  bootstrapServers: await answeringBroker(),
  clientId: name,
});
const text = { "key.deserializer": "string", "value.deserializer": "string" } as const;
await using consumer = kafka.consumer({
  "group.id": to,
  "group.instance.id": name, // who comes back in time gets its partitions at once
  "auto.offset.reset": "earliest",
  "enable.auto.commit": false,
  "isolation.level": "read_committed",
  "max.poll.records": 20,
  ...text,
});
const ending = new AbortController();
process.once("SIGTERM", () => ending.abort());
await consumer.subscribe("payments");

let batches = 0;
/** In the middle of a batch: some of its bookings are written, its offsets are not committed. */
const maybeCrash = (written: number) => {
  if (batches === crashInBatch && written === 10) process.kill(process.pid, "SIGKILL");
};

if (values["exactly-once"]) {
  await using producer = kafka.producer({ "transactional.id": name });
  await exactlyOnce({
    consumer,
    producer,
    signal: ending.signal,
    process: async (records, tx) => {
      batches++;
      for (const [index, { key, value }] of records.entries()) {
        await tx.send({ topic: to, key, value });
        maybeCrash(index + 1);
      }
    },
  });
} else {
  await using producer = kafka.producer();
  await consumer.run({
    signal: ending.signal,
    eachBatch: async ({ records }) => {
      batches++;
      for (const [index, { key, value }] of records.entries()) {
        await producer.send({ topic: to, key, value });
        maybeCrash(index + 1);
      }
      await consumer.commit(records);
    },
  });
}
