import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { startTestBroker, unique } from "../client/broker.ts";
import { ended, heard, on, start } from "./run-regroup.ts";

const bootstrapServers = await startTestBroker();
const run = on(bootstrapServers);

const topicOf = async (partitions: number, values: readonly string[]) => {
  const topic = unique("shared");
  await run(0, ["topics", "create", topic, "-p", String(partitions)]);
  if (values.length > 0) await run(0, ["produce", topic], values.join("\n"));
  return topic;
};
const fromStart = ["-X", "auto.offset.reset=earliest"];
const lines = (stdout: string) => stdout.split("\n").filter(Boolean).toSorted();

/** Runs until it is told to end. */
function member(t: TestContext, topic: string, group: string, ...args: string[]) {
  const child = start(["consume", topic, "-g", group, ...args, "-b", bootstrapServers]);
  t.after(() => child.kill("SIGKILL"));
  return child;
}

test("a group goes on where it has committed, also when it ended within a batch", async () => {
  const [topic, group] = [await topicOf(1, ["a", "b", "c", "d", "e"]), unique("g")];
  const read = async (...args: string[]) => (await run(0, ["consume", topic, "-g", group, ...args])).stdout;
  assert.equal(await read("--from-beginning", "-n", "2"), "a\nb\n");
  assert.equal(await read("--until-end"), "c\nd\ne\n");
  assert.equal(await read("--from-beginning", "--until-end"), "");
});

test("with --no-commit, and with enable.auto.commit=false, nothing is committed", async () => {
  const [topic, group] = [await topicOf(1, ["a", "b"]), unique("g")];
  const read = async (...args: string[]) =>
    (await run(0, ["consume", topic, "-g", group, "--from-beginning", "--until-end", ...args])).stdout;
  assert.equal(await read("--no-commit"), "a\nb\n");
  assert.equal(await read("-X", "enable.auto.commit=false"), "a\nb\n");
  assert.equal(await read(), "a\nb\n");
  assert.equal(await read(), "");
});

test("a member says what it is assigned, and what is taken from it when another comes", async (t) => {
  const [topic, group] = [await topicOf(2, []), unique("g")];
  const first = member(t, topic, group, ...fromStart);
  await heard(first.stderr, new RegExp(`assigned: ${topic}/0 ${topic}/1\n`));
  const second = member(t, topic, group, ...fromStart);
  await Promise.all([
    heard(first.stderr, new RegExp(`revoked: ${topic}/[01]\n`)),
    heard(second.stderr, new RegExp(`assigned: ${topic}/[01]\n`)),
  ]);
  await run(0, ["produce", topic, "-f", "json", '{"value":"x","partition":0}', '{"value":"y","partition":1}']);
  const got = await Promise.all([heard(first.stdout, /\n/), heard(second.stdout, /\n/)]);
  assert.deepEqual(got.toSorted(), ["x\n", "y\n"]);
  assert.equal(await ended(second, "SIGTERM"), 0);
  await heard(first.stderr, new RegExp(`assigned: ${topic}/[01] \\(in all ${topic}/[01] ${topic}/[01]\\)\n`));
  assert.equal(await ended(first, "SIGINT"), 0);
});

test("control-C commits what was printed, and leaves the group", async (t) => {
  const [topic, group] = [await topicOf(1, ["a", "b"]), unique("g")];
  const consumer = member(t, topic, group, ...fromStart);
  assert.equal(await heard(consumer.stdout, /b\n/), "a\nb\n");
  assert.equal(await ended(consumer, "SIGINT"), 0);
  await run(0, ["produce", topic, "c"]);
  const next = await run(0, ["consume", topic, "-g", group, ...fromStart, "--until-end"]);
  assert.equal(next.stdout, "c\n");
});

test("until the end means the end as it was: what comes later is neither printed nor committed", async (t) => {
  const [topic, group] = [await topicOf(2, ["a", "b", "c"]), unique("g")];
  const first = member(t, topic, group, ...fromStart, "--until-end");
  const [code, printed] = [ended(first), text(first.stdout)];
  await heard(first.stderr, /assigned/);
  await run(0, ["produce", topic, "late"]);
  assert.equal(await code, 0);
  const second = await run(0, ["consume", topic, "-g", group, ...fromStart, "--until-end"]);
  assert.deepEqual(lines((await printed) + second.stdout), ["a", "b", "c", "late"]);
});

test("a member that has no partitions is at their end", async (t) => {
  const [topic, group] = [await topicOf(1, []), unique("g")];
  const first = member(t, topic, group);
  await heard(first.stderr, /assigned/);
  const second = await run(0, ["consume", topic, "-g", group, "--from-beginning", "--until-end", "--timeout", "30"]);
  assert.deepEqual([second.stdout, /^assigned: /.test(second.stderr)], ["", true]);
});

test("a group may come from -X or a profile, and topics from a pattern", async () => {
  const [topic, group] = [await topicOf(1, ["a"]), unique("g")];
  const args = ["consume", "--match", topic, "-X", `group.id=${group}`, "--from-beginning", "--until-end"];
  assert.equal((await run(0, args)).stdout, "a\n");
  assert.equal((await run(0, args)).stdout, "");
  await run(2, [...args, "-p", "0"]);
});
