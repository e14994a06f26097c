/** Apache Kafka's own command line tools, version 4.3.1. */
import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { kafkajs } from "./support/libraries.ts";
import { scratchFolder } from "./support/scratch.ts";
import { kafkaTool, lines } from "./support/tools.ts";
import { startWorld } from "./support/world.ts";

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `value ${from + n}`);

test("console producer and console consumer: a group goes on where it stopped", async (t) => {
  const { broker, createTopic } = await startWorld(t);
  await createTopic("t", 1);
  const at = ["--bootstrap-server", broker.bootstrap, "--topic", "t"];
  const produce = (values: string[]) => kafkaTool("console-producer", at, `${values.join("\n")}\n`);
  const consume = (count: number) =>
    kafkaTool("console-consumer", [...at, "--group", "g", "--from-beginning", "--max-messages", String(count)]);

  await produce(numbers(0, 10));
  assert.deepEqual(lines(await consume(10)), numbers(0, 10));
  await produce(numbers(10, 15));
  assert.deepEqual(lines(await consume(5)), numbers(10, 15));
});

test("verifiable producer: every record is acknowledged", async (t) => {
  const { broker, createTopic } = await startWorld(t);
  await createTopic("t", 3);
  const at = ["--bootstrap-server", broker.bootstrap, "--topic", "t"];
  const told = lines(await kafkaTool("verifiable-producer", [...at, "--max-messages", "1000"])).map((line) =>
    JSON.parse(line),
  );
  assert.equal(told.filter(({ name }) => name === "producer_send_success").length, 1000);
  const ends = lines(await kafkaTool("get-offsets", at)).map((line) => Number(line.split(":")[2]));
  assert.equal(
    ends.reduce((sum, end) => sum + end, 0),
    1000,
  );
});

test("topics and configs: created, described, changed, deleted", async (t) => {
  const { broker } = await startWorld(t);
  const at = ["--bootstrap-server", broker.bootstrap];
  await kafkaTool("topics", [
    ...at,
    "--create",
    "--topic",
    "t",
    "--partitions",
    "3",
    "--config",
    "retention.ms=1000000",
  ]);
  const described = await kafkaTool("topics", [...at, "--describe", "--topic", "t"]);
  assert.match(described.stdout, /PartitionCount: 3.*retention\.ms=1000000/);
  await kafkaTool("topics", [...at, "--alter", "--topic", "t", "--partitions", "5"]);
  await kafkaTool("configs", [...at, "--alter", "--topic", "t", "--add-config", "max.message.bytes=2000"]);
  const configs = await kafkaTool("configs", [...at, "--describe", "--topic", "t"]);
  assert.match(configs.stdout, /max\.message\.bytes=2000/);
  assert.match((await kafkaTool("topics", [...at, "--describe", "--topic", "t"])).stdout, /PartitionCount: 5/);
  await kafkaTool("topics", [...at, "--delete", "--topic", "t"]);
  assert.deepEqual(lines(await kafkaTool("topics", [...at, "--list", "--exclude-internal"])), []);
});

test("configs of a broker and of all: described, changed, deleted", async (t) => {
  const { broker } = await startWorld(t);
  const tool = (...args: string[]) =>
    kafkaTool("configs", ["--bootstrap-server", broker.bootstrap, "--entity-type", "brokers", ...args]);
  const one = ["--entity-name", "1"];
  assert.match((await tool("--describe", ...one, "--all")).stdout, /message\.max\.bytes=1048588 /);
  await tool("--alter", ...one, "--add-config", "message.max.bytes=3000");
  await tool("--alter", "--entity-default", "--add-config", "message.max.bytes=2000");
  assert.match(
    (await tool("--describe", ...one)).stdout,
    /message\.max\.bytes=3000 .*BROKER_CONFIG:message\.max\.bytes=2000/,
  );
  await tool("--alter", ...one, "--delete-config", "message.max.bytes");
  assert.match((await tool("--describe", ...one, "--all")).stdout, /message\.max\.bytes=2000 /);
});

test("consumer-groups: lists, describes, resets and deletes a group", async (t) => {
  const world = await startWorld(t);
  await world.createTopic("t", 2);
  await world.produce("t", 2, 10);
  const member = world.join(kafkajs, "t");
  await world.consumed("t", [member]);
  await world.caughtUp("t");
  await world.shared([member], 2);
  const tool = (...args: string[]) =>
    kafkaTool("consumer-groups", ["--bootstrap-server", world.broker.bootstrap, ...args]);

  assert.match((await tool("--list")).stdout, /^group$/m);
  const groups = await kafkaTool("groups", ["--bootstrap-server", world.broker.bootstrap, "--list"]);
  assert.match(groups.stdout, /^group\s+Classic\s+consumer\b/m);
  assert.match((await tool("--describe", "--group", "group", "--state")).stdout, /Stable\s+1\b/);
  assert.match((await tool("--describe", "--group", "group", "--members")).stdout, /kafkajs.*\s2\b/);
  await member.close();
  await world.groupState("Empty");
  assert.match((await tool("--describe", "--group", "group")).stdout, /group\s+t\s+1\s+10\s+10\s+0/);
  await tool("--group", "group", "--topic", "t", "--reset-offsets", "--shift-by", "-4", "--execute");
  assert.deepEqual([...(await world.committed("t")).values()], [6, 6]);
  await tool("--group", "group", "--topic", "t:0", "--delete-offsets");
  assert.deepEqual((await world.committed("t")).get(0), -1);
  await tool("--delete", "--group", "group");
  assert.doesNotMatch((await tool("--list")).stdout, /^group$/m);
});

test("delete-records, get-offsets and broker-api-versions", async (t) => {
  const world = await startWorld(t);
  await world.createTopic("t", 1);
  await world.produce("t", 1, 10);
  const at = ["--bootstrap-server", world.broker.bootstrap];
  const file = join(scratchFolder(), "offsets.json");
  await writeFile(file, JSON.stringify({ partitions: [{ topic: "t", partition: 0, offset: 4 }], version: 1 }));
  await kafkaTool("delete-records", [...at, "--offset-json-file", file]);
  const earliest = await kafkaTool("get-offsets", [...at, "--topic", "t", "--time", "earliest"]);
  assert.deepEqual(lines(earliest), ["t:0:4"]);
  const versions = await kafkaTool("broker-api-versions", at);
  assert.match(versions.stdout, /JoinGroup\(11\): \d+ to 9 \[usable: 9\]/);
});

test("dump-log reads the segments of a topic and of __consumer_offsets", async (t) => {
  const world = await startWorld(t);
  await world.createTopic("t", 1);
  await world.produce("t", 1, 10);
  const member = world.join(kafkajs, "t");
  await world.consumed("t", [member]);
  await world.caughtUp("t");
  await member.close();
  await world.broker.stop();

  const dump = async (folder: string, ...more: string[]) => {
    const file = join(world.broker.dataDir, folder, "00000000000000000000.log");
    return (await kafkaTool("dump-log", ["--deep-iteration", "--files", file, ...more])).stdout;
  };
  const records = await dump("t-0", "--print-data-log");
  assert.match(records, /offset: 9 .*payload: t-9$/m);
  assert.doesNotMatch(records, /isvalid: false/);

  // The partition that FindCoordinator names for the group "group": Java's hash of it, modulo 50.
  const coordinator = [..."group"].reduce((hash, char) => (hash * 31 + char.charCodeAt(0)) | 0, 0) & 0x7fffffff;
  assert.ok((await readdir(world.broker.dataDir)).includes(`__consumer_offsets-${coordinator % 50}`));
  const offsets = await dump(`__consumer_offsets-${coordinator % 50}`, "--offsets-decoder");
  assert.match(offsets, /"group":"group","topic":"t","partition":0.*"offset":10/);
  assert.match(offsets, /"protocolType":"consumer","generation":1/);
});
