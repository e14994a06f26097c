import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes, Producer } from "@platformatic/kafka";
import { inLanes, type Subject } from "./task.ts";

export const subject: Subject = {
  async produce({ bootstrap, topic }, next, inFlight) {
    const producer = new Producer({ clientId: "bench", bootstrapBrokers: [bootstrap] });
    await inLanes(next, inFlight, (values) =>
      producer.send({ acks: -1, messages: values.map((value) => ({ topic, value: value as Buffer })) }),
    );
    await producer.close();
  },

  async consume({ bootstrap, topic, group }, seen) {
    const consumer = new Consumer({ clientId: "bench", bootstrapBrokers: [bootstrap], groupId: group });
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    });
    for await (const { value } of stream) if (!seen(value)) break;
    await stream.close();
    await consumer.close(true);
  },
};
