/** Sends numbered messages to a topic of 4 partitions. A message's key, its number, decides the partition. */
import { parseArgs } from "node:util";
import { Kafka, type KafkaError } from "regroup";
import { answeringBroker } from "../bootstrap-servers.ts";

const { values } = parseArgs({
  options: {
    topic: { type: "string", default: "numbers" },
    from: { type: "string", default: "1" },
    count: { type: "string", default: "8" },
  },
});
const { topic } = values;
const [from, count] = [Number(values.from), Number(values.count)];

const kafka = new Kafka({
  bootstrapServers: await answeringBroker(),
  clientId: "producer",
});
await using admin = kafka.admin();
await admin.createTopics([{ topic, numPartitions: 4, replicationFactor: 1 }]).catch((error: KafkaError) => {
  if (error.code !== "TOPIC_ALREADY_EXISTS") throw error;
});

await using producer = kafka.producer();
for (let number = from; number < from + count; number++) {
  const { partition, offset } = await producer.send({ topic, key: `${number}`, value: `message ${number}` });
  console.log(`message ${number}: Partition: ${partition}, Offset: ${offset}`);
}
