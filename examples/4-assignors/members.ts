/** One consumer in each of four groups, one group for each assignor. In a worker it can fail as a machine does. */
import { isMainThread, workerData } from "node:worker_threads";
import { Kafka } from "regroup";
import { bootstrapServers } from "../bootstrap-servers.ts";

export const assignors = ["range", "roundrobin", "sticky", "cooperative-sticky"] as const;
export const topics = ["fruits", "trees"];

export async function joinGroups(name: string) {
  const kafka = new Kafka({ bootstrapServers, clientId: name });
  const consumers = assignors.map((assignor) =>
    kafka.consumer({ groupId: assignor, partitionAssignmentStrategy: [assignor], sessionTimeoutMs: 6000 }),
  );
  for (const consumer of consumers) {
    await consumer.subscribe(topics);
    consumer.run({ eachRecord: () => {} });
  }
  return consumers;
}

if (!isMainThread) await joinGroups(workerData);
