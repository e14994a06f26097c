import { Kafka, logLevel, Partitioners } from "kafkajs";
import { inLanes, type Subject } from "./task.ts";

const kafkaOf = (bootstrap: string) => new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });

export const subject: Subject = {
  async produce({ bootstrap, topic }, next, inFlight) {
    const producer = kafkaOf(bootstrap).producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await inLanes(next, inFlight, (values) =>
      producer.send({ topic, acks: -1, messages: values.map((value) => ({ value: value as Buffer })) }),
    );
    await producer.disconnect();
  },

  async consume({ bootstrap, topic, group }, seen) {
    const consumer = kafkaOf(bootstrap).consumer({ groupId: group });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachBatch: async ({ batch }) => {
            for (const { value } of batch.messages) if (!seen(value!)) return resolve();
          },
        })
        .catch(reject);
    });
    await consumer.disconnect();
  },
};
