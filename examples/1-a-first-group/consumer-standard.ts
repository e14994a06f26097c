/** A member of a group that prints what it is given and what it reads. Ctrl-C makes it leave in good order. */
import { parseArgs } from "node:util";
import { Kafka, KafkaError, type TopicPartition } from "regroup";
import { answeringBroker } from "../bootstrap-servers.ts";

const { values } = parseArgs({
  options: {
    name: { type: "string", default: "consumer-1" },
    topic: { type: "string", default: "numbers" },
    group: { type: "string", default: "readers" },
    "session-timeout-ms": { type: "string", default: "45000" },
    "auto-offset-reset": { type: "string", default: "earliest" },
  },
});
const { name, topic, group } = values;

const kafka = new Kafka({
  bootstrapServers: await answeringBroker(),
  clientId: name,
});
await using consumer = kafka.consumer({
  "group.id": group,
  "session.timeout.ms": Number(values["session-timeout-ms"]),
  "auto.offset.reset": values["auto-offset-reset"] as "earliest" | "latest" | "none",
  "enable.auto.commit": false,
  "key.deserializer": "string",
  "value.deserializer": "string",
  onPartitionsAssigned: (partitions) => tell("is given", partitions),
  onPartitionsRevoked: (partitions) => tell("gives up", partitions),
  onPartitionsLost: (partitions) => tell("has lost", partitions),
});
process.once("SIGINT", () => consumer.close());

console.log(`${name} (pid ${process.pid}) joins the group ${group}`);
await consumer.subscribe([topic]);
try {
  for await (const record of consumer) {
    const { topic, partition, offset, key, value } = record;
    console.log(`Topic: ${topic}, Partition: ${partition}, Offset: ${offset}, Key: ${key}, Message: ${value}`);
    await consumer.commit(record);
  }
} catch (error) {
  if (!(error instanceof KafkaError)) throw error;
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}
await consumer.close();
console.log(`${name} has left`);

function tell(event: string, partitions: readonly TopicPartition[]): void {
  if (partitions.length === 0) return;
  const time = new Date().toISOString().slice(11, 23);
  const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`).sort();
  console.log(`${time} ${name} ${event} ${names.join(" ")}`);
}
