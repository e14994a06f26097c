/** Produces by kafkajs, idempotently; see README.md. */
import { CompressionTypes, Kafka, logLevel } from "kafkajs";

const options = JSON.parse(process.argv[2]!);
const kafka = new Kafka({ brokers: [options.bootstrap], logLevel: logLevel.WARN });
const producer = kafka.producer({ idempotent: true });
await producer.connect();
for (let n = 0; n < options.count; n++) {
  const value = `value ${n}`;
  const [at] = await producer.send({
    topic: options.topic,
    compression: options.compression === "gzip" ? CompressionTypes.GZIP : CompressionTypes.None,
    messages: [{ key: `key ${n}`, value }],
  });
  console.log(JSON.stringify({ partition: at!.partition, offset: Number(at!.baseOffset), value }));
}
await producer.disconnect();
