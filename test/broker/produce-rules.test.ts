/** What a topic's configs demand of produced batches, over the engine that shares equal configs among its logs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openFileLog } from "../../src/log/file/recovery.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { IncrementalAlterConfigs } from "../../src/protocol/apis/incremental-alter-configs.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { batchOf, type Client, createTopic, startBroker } from "./harness.ts";

const stamped = { "message.timestamp.type": "LogAppendTime" };

async function appendTimeOf(client: Client, name: string): Promise<number | undefined> {
  const partitionData = [{ index: 0, records: batchOf(["v"]) }];
  const answer = await client.ask(Produce, 9, { acks: -1, timeoutMs: 1000, topicData: [{ name, partitionData }] });
  return answer.responses[0]?.partitionResponses[0]?.logAppendTimeMs;
}

test("topics whose logs are configured alike keep what else their configs say, and follow its changes", async () => {
  const log = await openFileLog({ disk: new MemoryDisk(), platform: nodePlatform, folder: "data" });
  const under = await startBroker({ log });
  const client = under.connect();
  await createTopic(under, "plain");
  assert.equal(await appendTimeOf(client, "plain"), -1);
  await createTopic(under, "stamped", 1, stamped);
  const now = under.clock.now().wallMs;
  assert.equal(await appendTimeOf(client, "stamped"), now);

  const [name, value] = Object.entries(stamped)[0]!;
  const configs = [{ name, value, configOperation: 0 }];
  const resources = [{ resourceType: 2, resourceName: "plain", configs }];
  await client.ask(IncrementalAlterConfigs, 1, { resources, validateOnly: false });
  assert.equal(await appendTimeOf(client, "plain"), now);
  await under.broker.stop();
});
