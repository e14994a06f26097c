/** Copies a topic in transactions by kafkajs; see README.md. */
import { kafka } from "./patient-kafkajs.ts";
import { options, tell } from "./telling.ts";

const producer = kafka.producer({
  transactionalId: options.transactionalId,
  idempotent: true,
  maxInFlightRequests: 1,
});
const consumer = kafka.consumer({
  groupId: options.group,
  sessionTimeout: 2_000,
  rebalanceTimeout: 10_000,
  heartbeatInterval: 400,
  maxWaitTimeInMs: 200,
});
process.on("SIGTERM", async () => {
  await consumer.disconnect();
  await producer.disconnect();
  tell("closed");
  process.exit();
});

await Promise.all([producer.connect(), consumer.connect()]);
await consumer.subscribe({ topics: [options.input], fromBeginning: true });
let turn = 0;
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  eachBatch: async ({ batch: { topic, partition, messages }, resolveOffset, heartbeat, isRunning, isStale }) => {
    for (let from = 0; from < messages.length && isRunning() && !isStale(); from += options.size) {
      const some = messages.slice(from, from + options.size);
      const next = String(Number(some.at(-1)!.offset) + 1);
      for (const result of ++turn % 4 === 0 ? ["ABORT", "COMMIT"] : ["COMMIT"]) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: options.output, messages: some.map(({ key, value }) => ({ key, value })) });
        const offsets = { topic, partitions: [{ partition, offset: next }] };
        await transaction.sendOffsets({ consumerGroupId: options.group, topics: [offsets] });
        await (result === "COMMIT" ? transaction.commit() : transaction.abort());
        tell("transaction", { result });
      }
      resolveOffset(some.at(-1)!.offset);
      await heartbeat();
    }
  },
});
