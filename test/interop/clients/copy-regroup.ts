/** Copies a topic in transactions by regroup's own client; see README.md. */
import { exactlyOnce, Kafka } from "../../../src/client/index.ts";
import { options, tell } from "./telling.ts";

const kafka = new Kafka({ bootstrapServers: options.bootstrap });
const producer = kafka.producer({ transactionalId: options.transactionalId });
const consumer = kafka.consumer({
  groupId: options.group,
  autoOffsetReset: "earliest",
  enableAutoCommit: false,
  isolationLevel: "read_committed",
  "session.timeout.ms": 2000,
  "heartbeat.interval.ms": 400,
  "max.poll.records": options.size,
});
const ending = new AbortController();
process.on("SIGTERM", () => ending.abort());

await consumer.subscribe(options.input);
await exactlyOnce({
  consumer,
  producer,
  signal: ending.signal,
  process: async (records, tx) => {
    await tx.sendBatch(records.map(({ key, value }) => ({ topic: options.output, key, value })));
    tell("transaction", { result: "COMMIT" });
  },
});
await consumer.close();
await producer.close();
tell("closed");
