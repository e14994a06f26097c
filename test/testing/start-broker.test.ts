import assert from "node:assert/strict";
import { test } from "node:test";
import { Kafka } from "../../src/client/index.ts";
import { startBroker } from "../../src/testing/index.ts";

test("a broker is there for one block, and nothing is left of it", async () => {
  await (await startBroker()).close(); // what is loaded once is not counted
  const before = process.getActiveResourcesInfo().length;
  let port = "";
  {
    await using kafka = await startBroker({ topics: { orders: 3 } });
    port = kafka.bootstrapServers;
    await using admin = new Kafka({ bootstrapServers: port }).admin();
    const [orders, ...others] = await admin.listTopics();
    assert.deepEqual([orders?.topic, orders?.partitions.length, others.length], ["orders", 3, 0]);
  }
  assert.equal(process.getActiveResourcesInfo().length, before);
});

test("it is ready in less than 50 ms", async () => {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const beganMs = performance.now();
    await using kafka = await startBroker({ topics: ["orders"] });
    times.push(performance.now() - beganMs);
    assert.match(kafka.bootstrapServers, /^127\.0\.0\.1:\d+$/);
  }
  assert.ok(Math.min(...times) < 50, `ready after ${times.map(Math.round).join(", ")} ms`);
});
