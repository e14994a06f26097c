import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../interop/support/until.ts";
import { startTestBroker, unique } from "./broker.ts";
import { reading, testClient } from "./support/consumers.ts";

const client = testClient(await startTestBroker());

test("rule 36: who closes between join and sync does not wait for a commit that cannot be done any more", async () => {
  const topic = await client.topic(["a"], ["b"]);
  const groupId = unique("billing");
  const first = client.consumer(groupId, { heartbeatIntervalMs: 50 });
  await first.subscribe(topic);
  const { values } = reading(first);
  await until("both are read", () => values.length === 2);
  const second = client.consumer(groupId, { heartbeatIntervalMs: 50 });
  await second.subscribe(topic);
  reading(second);
  await until("each has one", () => first.assignment().length === 1 && second.assignment().length === 1);
  for (const partition of [0, 1]) await client.produce(topic, partition, ["more"]);
  await until("more is read", () => values.length >= 3);
  const startedMs = performance.now();
  await second.close(); // the first joins again
  await first.close();
  assert.ok(performance.now() - startedMs < 10_000, "far less than a close may take, which is 30 s");
});
