/** Puts 1,000 payments of 5 euros into the topic payments, of 4 partitions. A payment's key is its number. */
import { Kafka } from "regroup";

const count = 1000;
const kafka = new Kafka({ bootstrapServers: process.env.REGROUP_BOOTSTRAP_SERVERS ?? "127.0.0.1:9092" });
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
