/** Produces by @platformatic/kafka, idempotently; see README.md. */
import { Producer, stringSerializers } from "@platformatic/kafka";
import { options } from "./telling.ts";

const producer = new Producer({
  clientId: "interop",
  bootstrapBrokers: [options.bootstrap],
  serializers: stringSerializers,
  idempotent: true,
  compression: options.compression,
});
for (let n = 0; n < options.count; n++) {
  const value = `value ${n}`;
  const { offsets } = await producer.send({ messages: [{ topic: options.topic, key: `key ${n}`, value }] });
  const [at] = offsets!;
  console.log(JSON.stringify({ partition: at!.partition, offset: Number(at!.offset), value }));
}
await producer.close();
