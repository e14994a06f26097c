/** A static member: with a group.instance.id it may go and come back, and the group does not rebalance. */
import { parseArgs } from "node:util";
import { Kafka, type TopicPartition } from "regroup";
import { answeringBroker } from "../bootstrap-servers.ts";

const { values } = parseArgs({
  options: {
    "instance-id": { type: "string", default: "billing-1" },
    topic: { type: "string", default: "orders" },
    group: { type: "string", default: "billing" },
    "session-timeout-ms": { type: "string", default: process.env.SESSION_TIMEOUT_MS ?? "30000" },
  },
});
const { "instance-id": instanceId, topic, group } = values;

const kafka = new Kafka({
  bootstrapServers: await answeringBroker(),
  clientId: instanceId,
});
await using consumer = kafka.consumer({
  "group.id": group,
  "group.instance.id": instanceId,
  "session.timeout.ms": Number(values["session-timeout-ms"]),
  "auto.offset.reset": "earliest",
  "enable.auto.commit": false,
  "key.deserializer": "string",
  "value.deserializer": "string",
  onPartitionsAssigned: (partitions) => tell("is given", partitions),
  onPartitionsRevoked: (partitions) => tell("gives up", partitions),
  onPartitionsLost: (partitions) => tell("has lost", partitions),
});
process.once("SIGINT", () => consumer.close());

console.log(`${instanceId} (pid ${process.pid}) joins the group ${group}`);
await consumer.subscribe([topic]);
for await (const record of consumer) {
  const { topic, partition, offset, key, value } = record;
  console.log(`Topic: ${topic}, Partition: ${partition}, Offset: ${offset}, Key: ${key}, Message: ${value}`);
  await consumer.commit(record);
}
await consumer.close();
console.log(`${instanceId} goes, and stays in the group until its session ends`);

function tell(event: string, partitions: readonly TopicPartition[]): void {
  if (partitions.length === 0) return;
  const time = new Date().toISOString().slice(11, 23);
  const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`).sort();
  const { generationId } = consumer.groupMetadata();
  console.log(`${time} ${instanceId} ${event} ${names.join(" ")} in generation ${generationId}`);
}
