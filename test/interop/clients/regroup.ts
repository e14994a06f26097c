/** A group member by regroup's own client; see README.md. */
import { subscribe } from "node:diagnostics_channel";
import { Kafka } from "../../../src/client/kafka.ts";
import type { MemberFact } from "../../../src/client/member/member-fact.ts";
import type { TopicPartition } from "../../../src/client/topic-partition.ts";
import { options, tell } from "./telling.ts";

const numbers = (partitions: readonly TopicPartition[]) => partitions.map(({ partition }) => partition);

subscribe("regroup.client.rebalance", (message) => {
  const fact = message as MemberFact;
  if (fact.type !== "MemberRebalanceCompleted") return;
  tell(fact.isLeader ? "led" : "followed", { generation: fact.toGeneration });
});

const kafka = new Kafka({ bootstrapServers: options.bootstrap, metadataMaxAgeMs: 2000 });
const consumer = kafka.consumer({
  groupId: options.group,
  groupInstanceId: options.instanceId,
  autoOffsetReset: "earliest",
  enableAutoCommit: false,
  partitionAssignmentStrategy: [options.strategy],
  sessionTimeoutMs: options.sessionTimeoutMs,
  heartbeatIntervalMs: options.heartbeatMs,
  valueDeserializer: "string",
  onPartitionsAssigned: (partitions) => {
    tell("assigned", { partitions: numbers(partitions), generation: consumer.groupMetadata().generationId });
  },
  onPartitionsRevoked: (partitions) => void tell("revoked", { partitions: numbers(partitions) }),
});
process.on("SIGTERM", () => void consumer.close());

await consumer.subscribe([options.topic]);
await consumer.run({
  eachRecord: async (record) => {
    const { partition, offset, value } = record;
    tell("record", { partition, offset, value });
    try {
      await consumer.commit(record);
      tell("committed", { partition, offset: offset + 1 });
    } catch (error) {
      console.error("commit", error); // the group moved on, or the broker is away: the record comes again
    }
  },
});
await consumer.close();
tell("closed");
