import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import type { Consumer } from "../../src/client/consumer/consumer.ts";
import type { ConsumerConfigInput } from "../../src/client/consumer-keys.ts";
import { Kafka } from "../../src/client/kafka.ts";
import { startTestBroker, unique } from "./broker.ts";
import { produce } from "./support/produce.ts";

const bootstrapServers = await startTestBroker();

suite("a consumer of a group", () => {
  const kafka = new Kafka({ bootstrapServers, clientId: "consumer-test" });
  const admin = kafka.admin();
  after(() => admin.close());

  async function newTopic(values: readonly string[] = [], numPartitions = 1): Promise<string> {
    const topic = unique("orders");
    await admin.createTopics([{ topic, numPartitions, replicationFactor: 1 }]);
    if (values.length > 0) await produce(bootstrapServers, { topic, partition: 0 }, values);
    return topic;
  }

  const consumerOf = (groupId: string, config: Omit<ConsumerConfigInput, "valueDeserializer"> = {}) =>
    kafka.consumer({ groupId, autoOffsetReset: "earliest", valueDeserializer: "string", ...config });

  /** The next records, in a loop of their own. */
  async function take<V>(consumer: Consumer<Uint8Array, V>, count: number): Promise<V[]> {
    const values: V[] = [];
    for await (const { value } of consumer) {
      values.push(value!);
      if (values.length === count) break;
    }
    return values;
  }

  test("reads a topic, commits, and the next one goes on from there", async () => {
    const topic = await newTopic(["a", "b", "c"]);
    const groupId = unique("billing");
    {
      await using consumer = consumerOf(groupId);
      await consumer.subscribe([topic]);
      assert.deepEqual(await take(consumer, 2), ["a", "b"]);
      await consumer.commit();
      assert.deepEqual(
        (await consumer.committed([{ topic, partition: 0 }])).map(({ offset }) => offset),
        [2],
      );
    }
    await using next = consumerOf(groupId);
    await next.subscribe(topic);
    assert.deepEqual(await take(next, 1), ["c"]);
  });
});
