/** A group member by kafkajs; see README.md. It knows neither static membership nor cooperative rebalances. */
import { kafka } from "./patient-kafkajs.ts";
import { options, tell } from "./telling.ts";

const consumer = kafka.consumer({
  groupId: options.group,
  sessionTimeout: options.sessionTimeoutMs,
  rebalanceTimeout: 10_000,
  heartbeatInterval: options.heartbeatMs,
  maxWaitTimeInMs: 200,
});

let owned: number[] = [];
const revoke = () => {
  if (owned.length > 0) tell("revoked", { partitions: owned });
  owned = [];
};
consumer.on(consumer.events.REBALANCING, revoke);
consumer.on(consumer.events.CRASH, revoke);
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  revoke();
  owned = payload.memberAssignment[options.topic] ?? [];
  tell("assigned", { partitions: owned });
});
consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
  for (const { partitions } of payload.topics) {
    for (const { partition, offset } of partitions)
      tell("committed", { partition: Number(partition), offset: Number(offset) });
  }
});
process.on("SIGTERM", async () => {
  await consumer.disconnect();
  tell("closed");
  process.exit();
});

await consumer.connect();
await consumer.subscribe({ topics: [options.topic], fromBeginning: true });
await consumer.run({
  autoCommitThreshold: 1,
  eachMessage: async ({ partition, message }) => {
    tell("record", { partition, offset: Number(message.offset), value: String(message.value) });
  },
});
