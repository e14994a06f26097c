/** Run as a process by running.ts. */
import { Kafka } from "../../../src/client/kafka.ts";

const [bootstrapServers = "", groupId = "", topic = "", clientId = "", sessionTimeoutMs = ""] = process.argv.slice(2);
const consumer = new Kafka({ bootstrapServers, clientId }).consumer({
  groupId,
  autoOffsetReset: "earliest",
  sessionTimeoutMs,
  heartbeatIntervalMs: 300,
});
process.on("SIGTERM", () => void consumer.close());
await consumer.subscribe([topic]);
for await (const _ of consumer);
