import { Kafka } from "../../client/kafka.ts";
import { inLanes, type Subject } from "./task.ts";

export const subject: Subject = {
  async produce({ bootstrap, topic }, next, inFlight) {
    const kafka = new Kafka({ bootstrapServers: bootstrap });
    await using producer = kafka.producer();
    await inLanes(next, inFlight, (values) => producer.sendBatch(values.map((value) => ({ topic, value }))));
  },

  async consume({ bootstrap, topic, group }, seen) {
    const kafka = new Kafka({ bootstrapServers: bootstrap });
    await using consumer = kafka.consumer({ groupId: group, autoOffsetReset: "earliest" });
    await consumer.subscribe([topic]);
    for await (const { value } of consumer) if (!seen(value!)) break;
  },
};
