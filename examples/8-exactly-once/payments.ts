/** Puts 1,000 payments of 5 euros into the topic payments, of 4 partitions. A payment's key is its number. */
import { Kafka } from "regroup";
import { answeringBroker } from "../bootstrap-servers.ts";

const count = 1000;
const kafka = new Kafka({ bootstrapServers: await answeringBroker() });
await using admin = kafka.admin();
await using producer = kafka.producer();
await admin.createTopics([{ topic: "payments", numPartitions: 4, replicationFactor: 1 }]);
const payments = Array.from({ length: count }, (_, index) => ({
  topic: "payments",
  key: String(index + 1),
  value: "5",
}));
await producer.sendBatch(payments);
console.log(`${count} payments of 5 euros`);
