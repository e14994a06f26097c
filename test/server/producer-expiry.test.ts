import assert from "node:assert/strict";
import { test } from "node:test";
import { Kafka, startServer } from "../../src/index.ts";
import { until } from "../conformance/until.ts";
import { withFolder } from "./running.ts";

const config = { listeners: "PLAINTEXT://127.0.0.1:0", "log.cleaner.backoff.ms": "20" };
const name = "producer.id.expiration.ms";

async function forgetsWhenAltered(options: Parameters<typeof startServer>[0]): Promise<void> {
  const server = await startServer(options);
  const kafka = new Kafka({ bootstrapServers: server.bootstrapServers });
  try {
    await using producer = kafka.producer();
    await producer.send({ topic: "orders", partition: 0, value: "one" });
    await using admin = kafka.admin();
    const remembered = async () => (await admin.describeProducers([{ topic: "orders", partition: 0 }]))[0]!.producers;
    assert.equal((await remembered()).length, 1);
    await admin.alterConfigs([{ type: "broker", name: "1", set: { [name]: "1" } }]);
    await until("the producer is forgotten", async () => (await remembered()).length === 0);
  } finally {
    await server.close();
  }
}

test("after what producer.id.expiration.ms says now a producer is forgotten, in memory and on disk", async () => {
  await forgetsWhenAltered({ config, ephemeral: true });
  await withFolder((folder) => forgetsWhenAltered({ config: { ...config, "log.dirs": folder } }));
});
