import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { parse } from "yaml";
import { startTestBroker, unique } from "../client/broker.ts";
import { ended, on, regroup, start } from "./run-regroup.ts";

const bootstrapServers = await startTestBroker();
const run = on(bootstrapServers);

const created = async (name: string, ...args: string[]) => {
  const topic = unique(name);
  await run(0, ["topics", "create", topic, ...args]);
  return topic;
};
const json = async (...args: string[]) => JSON.parse((await run(0, ["topics", ...args, "-o", "json"])).stdout);

test("what is created is listed, in every format", async () => {
  const topic = await created("orders", "-p", "3");
  const list = ["topics", "list", "--match", topic];
  assert.match((await run(0, list)).stdout, new RegExp(`^TOPIC +PARTITIONS  REPLICATION-FACTOR\n${topic} +3 +1\n$`));
  const expected = [{ topic, partitions: 3, replicationFactor: 1 }];
  assert.deepEqual(JSON.parse((await run(0, [...list, "-o", "json"])).stdout), expected);
  assert.deepEqual(parse((await run(0, [...list, "-o", "yaml"])).stdout), expected);
  assert.equal((await run(0, [...list, "-o", "csv"])).stdout, `topic,partitions,replicationFactor\n${topic},3,1\n`);
});

test("the cluster's own topics are listed only when they are asked for", async () => {
  const topic = await created("plain");
  await run(0, ["produce", topic, "v"]);
  await run(0, ["consume", topic, "-g", unique("g"), "--from-beginning", "-n", "1"]);
  const names = async (...args: string[]) => (await json("list", ...args)).map((each: { topic: string }) => each.topic);
  assert.equal((await names()).includes("__consumer_offsets"), false);
  assert.equal((await names("--internal")).includes("__consumer_offsets"), true);
});

test("a list without topics is empty data, and says so on stderr", async () => {
  const none = await run(0, ["topics", "list", "--match", "no-such-topic"]);
  assert.deepEqual([none.stdout, none.stderr], ["", "There are no such topics.\n"]);
  assert.deepEqual(await json("list", "--match", "no-such-topic"), []);
});

test("create takes replicas by their brokers, and configs", async () => {
  const topic = await created("configured", "--replicas", "1,1", "--set", "retention.ms=1000");
  const [described] = await json("describe", topic);
  assert.equal(described.partitions.length, 2);
  assert.deepEqual(described.configs, { "retention.ms": "1000" });
  assert.match((await run(1, ["topics", "create", unique("x"), "--set", "no.such=1"])).stderr, /INVALID_CONFIG/);
});

test("of several topics those that can be made are made and shown, and each failure is told", async () => {
  const [there, fresh] = [await created("there"), unique("fresh")];
  const { stdout, stderr } = await run(1, ["topics", "create", there, fresh, "bad/name"]);
  assert.match(stdout, new RegExp(`^${fresh} `, "m"));
  assert.match(stderr, new RegExp(`^regroup: create topic ${there}: TOPIC_ALREADY_EXISTS`, "m"));
  assert.match(stderr, /^regroup: create topic bad\/name: INVALID_TOPIC_EXCEPTION/m);
  await run(0, ["topics", "create", there, "--if-not-exists"]);
});

test("a dry run of create makes nothing", async () => {
  const topic = unique("dry");
  assert.match((await run(0, ["topics", "create", topic, "--dry-run"])).stderr, /nothing was created/);
  assert.deepEqual(await json("list", "--match", topic), []);
});

test("describe shows leaders, replicas, offsets and the configs that were set", async () => {
  const topic = await created("described", "-p", "2", "--set", "retention.ms=1000");
  await run(0, ["produce", topic, "a", "b", "-p", "1"]);
  const [described] = await json("describe", topic);
  const partition = { leader: 1, replicas: [1], isr: [1], startOffset: 0 };
  assert.deepEqual(described.configs, { "retention.ms": "1000" });
  assert.deepEqual(described.partitions, [
    { partition: 0, ...partition, endOffset: 0, offsets: 0 },
    { partition: 1, ...partition, endOffset: 2, offsets: 2 },
  ]);
  const { stdout } = await run(0, ["topics", "describe", topic]);
  assert.match(stdout, new RegExp(`^${topic} .* 2 +1  retention.ms=1000$`, "m"));
  assert.match(stdout, new RegExp(`^${topic} +1 +1  1 +1 +0 +2 +2$`, "m"));
  const csv = (await run(0, ["topics", "describe", topic, "-o", "csv"])).stdout;
  assert.equal(csv.split("\n")[2], `${topic},1,1,1,1,0,2,2`);
});

test("a topic that does not exist fails, and the others are described", async () => {
  const topic = await created("known");
  const { stdout, stderr } = await run(1, ["topics", "describe", "unknown", topic, "-o", "json"]);
  assert.equal(JSON.parse(stdout).length, 1);
  assert.match(stderr, /^regroup: topic unknown: UNKNOWN_TOPIC_OR_PARTITION \(create the topic/);
});

test("partitions are added by a number or up to a number, never taken away", async () => {
  const topic = await created("widened", "-p", "2");
  const widened = async (code: number, ...args: string[]) => run(code, ["topics", "add-partitions", topic, ...args]);
  assert.match((await widened(0, "--to", "5")).stdout, new RegExp(`^${topic} +2 +5$`, "m"));
  assert.match((await widened(0, "--by", "1")).stdout, new RegExp(`^${topic} +5 +6$`, "m"));
  assert.match((await widened(1, "--to", "3")).stderr, /INVALID_PARTITIONS/);
  assert.match((await widened(2, "--by", "2147483647")).stderr, /has 6, and at most 2147483647/);
  assert.match((await widened(0, "--to", "9", "--dry-run")).stderr, /nothing was changed/);
  assert.equal((await json("list", "--match", topic))[0].partitions, 6);
  await widened(2);
  await widened(2, "--to", "7", "--by", "1");
});

test("configs are shown, set, deleted, and lists are changed", async () => {
  const topic = await created("tuned");
  const config = (...args: string[]) => json("config", topic, ...args);
  const own = (key: string, value: string) => ({ topic, key, value, source: "DYNAMIC_TOPIC_CONFIG" });
  assert.deepEqual(await config(), []);
  assert.deepEqual(await config("--set", "retention.ms=5", "--set", "cleanup.policy=compact"), [
    own("cleanup.policy", "compact"),
    own("retention.ms", "5"),
  ]);
  assert.deepEqual(await config("--append", "cleanup.policy=delete", "--delete", "retention.ms"), [
    own("cleanup.policy", "compact,delete"),
  ]);
  assert.deepEqual(await config("--subtract", "cleanup.policy=compact"), [own("cleanup.policy", "delete")]);
  const [shown] = await config("--key", "retention.ms");
  assert.deepEqual(shown, { topic, key: "retention.ms", value: "604800000", source: "DEFAULT_CONFIG" });
  assert.ok((await config("--all")).length > 20);
});

test("a config that is refused fails, and changes nothing", async () => {
  const topic = await created("refused");
  const { stderr } = await run(1, ["topics", "config", topic, "--set", "retention.ms=soon"]);
  assert.match(stderr, /^regroup: alter configs of topic .*INVALID_CONFIG/);
  await run(0, ["topics", "config", topic, "--set", "retention.ms=7", "--dry-run"]);
  assert.deepEqual(await json("config", topic), []);
  await run(2, ["topics", "config", topic, "--set", "retention.ms"]);
  await run(2, ["topics", "config", topic, "--dry-run"]);
});

test("a pattern means whole names, and deleting by it needs --execute", async () => {
  const topics = [await created("gone-a"), await created("gone-b")];
  const other = await created("kept-gone-a");
  const matching = ["--match", "gone-.*"];
  const dry = await run(0, ["topics", "delete", ...matching]);
  assert.match(dry.stderr, /nothing was deleted. Add --execute/);
  assert.deepEqual(
    (await json("delete", ...matching, "--execute")).map((each: { topic: string }) => each.topic),
    topics.toSorted(),
  );
  assert.deepEqual(await json("list", "--match", "gone-.*"), []);
  assert.equal((await json("list", "--match", other)).length, 1);
});

test("deleting by name deletes what exists, and fails for what does not", async () => {
  const topic = await created("deleted");
  const { stdout, stderr } = await run(1, ["topics", "delete", topic, "unknown", "-o", "json"]);
  assert.deepEqual(JSON.parse(stdout), [{ topic, deleted: true }]);
  assert.match(stderr, /^regroup: topic unknown: UNKNOWN_TOPIC_OR_PARTITION/);
  await run(0, ["topics", "delete", "unknown", "--if-exists"]);
});

test("what cannot be meant is usage: exit code 2, and nothing is done", async () => {
  for (const args of [
    ["topics", "delete"],
    ["topics", "delete", "x", "--match", "x"],
    ["topics", "describe", "--match", "("],
    ["topics", "create", "x", "-p", "none"],
    ["topics", "create", "x", "-p", "1", "--replicas", "1"],
    ["topics", "list", "--colour"],
    ["topics", "list", "-o", "xml"],
    ["topics", "lst"],
    ["topics"],
    ["topic"],
    [],
  ]) {
    const { stdout, stderr } = await run(2, args);
    assert.equal(stdout, "", args.join(" "));
    assert.match(stderr, args.length > 1 ? /^regroup: / : /regroup/, args.join(" "));
  }
});

test("nobody there to be asked is told at once, with what to do", async () => {
  const { code, stderr } = await regroup(["topics", "list", "-b", "127.0.0.1:1"]);
  assert.equal(code, 1);
  assert.match(stderr, /^regroup: no broker can be reached: .*ECONNREFUSED.*--bootstrap-server names another\)\n$/);
});

test("a key of the Java client without effect is told, and the call goes on", async () => {
  const { stderr } = await run(0, ["topics", "list", "-X", "metric.reporters=x"]);
  assert.equal(stderr.split("\n")[0], "regroup: metric.reporters: a key of the Java client that has no effect here");
});

test("control-C ends a call that nobody answers, with the shell's exit code", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    const child = start(["topics", "list", "-b", `127.0.0.1:${port}`]);
    const [socket] = (await once(silent, "connection")) as [Socket];
    socket.resume();
    assert.equal(await ended(child, signal), code);
  }
  silent.close();
});
