/** What the tests of the consumer share: topics of their own, and consumers that read text. */
import { after } from "node:test";
import type { Consumer } from "../../../src/client/consumer/consumer.ts";
import type { ConsumerConfigInput } from "../../../src/client/consumer-keys.ts";
import { Kafka } from "../../../src/client/kafka.ts";
import { unique } from "../broker.ts";
import { produce } from "./produce.ts";

type Config = Omit<ConsumerConfigInput, "valueDeserializer">;

const earliest = { autoOffsetReset: "earliest" } as const;
const texts = { valueDeserializer: "string" } as const;

export function testClient(bootstrapServers: string) {
  const kafka = new Kafka({ bootstrapServers, clientId: "consumer-test" });
  const admin = kafka.admin();
  after(() => admin.close());
  return {
    kafka,
    admin,
    /** Reads text from the beginning, unless the configuration says otherwise. */
    consumer: (groupId: string, config: Config = {}): Consumer<Uint8Array, string> =>
      kafka.consumer({ groupId, ...earliest, ...config, ...texts }) as Consumer<Uint8Array, string>,
    /** Values of its partitions, from 0 on; the topic has as many partitions as lists are given. */
    async topic(...partitions: readonly (readonly string[])[]): Promise<string> {
      const topic = unique("orders");
      await admin.createTopics([{ topic, numPartitions: Math.max(1, partitions.length), replicationFactor: 1 }]);
      for (const [partition, values] of partitions.entries()) {
        if (values.length > 0) await produce(bootstrapServers, { topic, partition }, values);
      }
      return topic;
    },
    produce: (topic: string, partition: number, values: readonly string[]) =>
      produce(bootstrapServers, { topic, partition }, values),
    /** What the group has committed of partition 0; undefined: nothing. */
    async committed(groupId: string, topic: string, partition = 0): Promise<number | undefined> {
      const offsets = await admin.listGroupOffsets(groupId, { partitions: [{ topic, partition }] });
      return offsets[0]?.offset;
    },
  };
}

/** The next values, in a loop of their own. */
export async function take<V>(consumer: Consumer<Uint8Array, V>, count: number): Promise<V[]> {
  const values: V[] = [];
  for await (const { value } of consumer) {
    values.push(value!);
    if (values.length === count) break;
  }
  return values;
}

/** Reads in the background until it is closed. @returns what it has read, and the end of it. */
export function reading<V>(consumer: Consumer<Uint8Array, V>): { readonly values: V[]; readonly ended: Promise<void> } {
  const values: V[] = [];
  const read = async () => {
    for await (const { value } of consumer) values.push(value!);
  };
  return { values, ended: read() };
}
