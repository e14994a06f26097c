/** Produces by kafkajs, idempotently; see README.md. */
import { CompressionTypes } from "kafkajs";
import { kafka } from "./patient-kafkajs.ts";
import { options } from "./telling.ts";

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
