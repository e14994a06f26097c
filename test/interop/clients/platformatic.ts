/** A group member by @platformatic/kafka; see README.md. It knows no cooperative rebalances. */
import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes } from "@platformatic/kafka";
import { options, tell } from "./telling.ts";

const consumer = new Consumer({
  clientId: "interop",
  bootstrapBrokers: [options.bootstrap],
  groupId: options.group,
  ...(options.instanceId && { groupInstanceId: options.instanceId }),
  sessionTimeout: options.sessionTimeoutMs,
  rebalanceTimeout: Math.max(10_000, options.sessionTimeoutMs),
  heartbeatInterval: options.heartbeatMs,
  maxWaitTime: 200,
  autocommit: false,
  retries: 50,
  retryDelay: 200,
});

let owned: number[] = [];
const revoke = () => {
  if (owned.length > 0) tell("revoked", { partitions: owned });
  owned = [];
};
consumer.on("consumer:group:rebalance", revoke);
consumer.on("consumer:group:rejoin", revoke);
consumer.on("consumer:group:leave", revoke);
consumer.on("consumer:group:join", ({ assignments, generationId }) => {
  revoke();
  owned = assignments?.find(({ topic }) => topic === options.topic)?.partitions ?? [];
  tell("assigned", { partitions: owned, generation: generationId });
});

const stream = await consumer.consume({
  topics: [options.topic],
  mode: MessagesStreamModes.COMMITTED,
  fallbackMode: MessagesStreamFallbackModes.EARLIEST,
});
process.on("SIGTERM", async () => {
  await stream.close();
  await consumer.close(true);
  tell("closed");
  process.exit();
});
for await (const { partition, offset, value, commit } of stream) {
  tell("record", { partition, offset: Number(offset), value: String(value) });
  try {
    await commit();
    tell("committed", { partition, offset: Number(offset) + 1 });
  } catch (error) {
    console.error("commit", error); // the group moved on, or the broker is away: the record comes again
  }
}
