import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { startTestBroker, unique } from "../client/broker.ts";
import { ended, heard, on, regroup, start } from "./run-regroup.ts";

const bootstrapServers = await startTestBroker();
const run = on(bootstrapServers);
const folder = await mkdtemp(join(tmpdir(), "regroup-records-"));
after(() => rm(folder, { recursive: true }));

const newTopic = async (partitions = 1) => {
  const topic = unique("records");
  await run(0, ["topics", "create", topic, "-p", String(partitions)]);
  return topic;
};
const all = (topic: string, ...args: string[]) => ["consume", topic, "--from-beginning", "--until-end", ...args];
const read = async (topic: string, ...args: string[]) => (await run(0, all(topic, ...args))).stdout;
const readJson = async (topic: string, ...args: string[]) =>
  (await read(topic, "-f", "json", ...args))
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

test("values are produced from arguments, stdin and files, and read in their order", async () => {
  const topic = await newTopic();
  assert.equal((await run(0, ["produce", topic, "a", "b"])).stderr, `2 records stored in ${topic}.\n`);
  await run(0, ["produce", topic], "c\r\nd\n\nlast without an end");
  const file = join(folder, "lines.txt");
  await writeFile(file, "e\n");
  await run(0, ["produce", topic, "--file", file]);
  assert.equal(await read(topic), "a\nb\nc\nd\n\nlast without an end\ne\n");
});

test("a line may hold a key, nulls have a mark, and options say what all records have", async () => {
  const topic = await newTopic(3);
  const options = ["-K", ":", "--null-marker", "NIL", "-H", "trace=1", "-H", "trace=2=2", "-p", "2"];
  await run(0, ["produce", topic, ...options, "--timestamp", "2026-01-31T08:00:00Z"], "k:v:w\nNIL:x\ngone:NIL\n");
  const same = {
    topic,
    partition: 2,
    timestamp: Date.UTC(2026, 0, 31, 8),
    headers: [
      ["trace", "1"],
      ["trace", "2=2"],
    ],
  };
  assert.deepEqual(await readJson(topic), [
    { ...same, offset: 0, key: "k", value: "v:w" },
    { ...same, offset: 1, key: null, value: "x" },
    { ...same, offset: 2, key: "gone", value: null },
  ]);
});

test("lines before one that is no record are stored, and the line is named", async () => {
  const topic = await newTopic();
  const { stderr } = await run(1, ["produce", topic, "-K", ":"], "a:1\nb:2\nc\nd:4\n");
  assert.match(stderr, /^2 records stored in .*\nregroup: line 3: no key separator ":" in it\n$/);
  assert.equal(await read(topic), "1\n2\n");
});

test("what consume prints as JSON is what produce takes: a topic is copied with keys, headers and times", async () => {
  const [from, to] = [await newTopic(2), await newTopic(2)];
  const lines = [
    {
      key: "k",
      value: "v",
      headers: [
        ["a", "1"],
        ["a", null],
      ],
      timestamp: 1_700_000_000_000,
      partition: 1,
    },
    { value: null, partition: 0, timestamp: 1_700_000_000_001 },
  ];
  await run(0, ["produce", from, "-f", "json", ...lines.map((line) => JSON.stringify(line))]);
  await run(0, ["produce", to, "-f", "json"], await read(from, "-f", "json"));
  const without = async (topic: string) =>
    (await readJson(topic)).map((record) => ({ ...record, topic: "" })).toSorted((a, b) => a.partition - b.partition);
  assert.equal((await without(to)).length, 2);
  assert.deepEqual(await without(to), await without(from));
});

test("keys and values go in and out as text, JSON, hex and base64", async () => {
  const topic = await newTopic();
  await run(0, [
    "produce",
    topic,
    "-f",
    "json",
    "--key-as",
    "base64",
    "--value-as",
    "hex",
    '{"key":"/w==","value":"00ff"}',
  ]);
  await run(0, ["produce", topic, "-f", "json", "--value-as", "json", '{"key":"k","value":{"a":[1]}}']);
  const [binary] = await readJson(topic, "--key-as", "hex", "--value-as", "base64");
  assert.deepEqual([binary.key, binary.value], ["ff", "AP8="]);
  const last = ["consume", topic, "--from-offset", "1", "--until-end", "-f", "json", "--value-as", "json"];
  assert.deepEqual(JSON.parse((await run(0, last)).stdout).value, { a: [1] });
  assert.match((await run(1, all(topic, "--value-as", "json"))).stderr, /^regroup: the value of .*\/0@0: not JSON/);
  await run(1, ["produce", topic, "--value-as", "hex", "0g"]);
  await run(1, ["produce", topic, "--value-as", "hex", "0"]);
  await run(1, ["produce", topic, "--value-as", "base64", "*"]);
  await run(1, ["produce", topic, "--value-as", "json", "{"]);
});

test("a whole file is one value, bytes as they are", async () => {
  const topic = await newTopic();
  const file = join(folder, "picture");
  await writeFile(file, Uint8Array.of(0, 10, 255, 13, 10));
  await run(0, ["produce", topic, "--whole", "--file", file, "-k", "logo"]);
  assert.equal(await read(topic, "-f", "%k %S %s", "--value-as", "hex"), "logo 5 000aff0d0a\n");
});

test("JSON that is no record is refused with what was expected", async () => {
  const topic = await newTopic();
  for (const [line, message] of [
    ["[]", /value 1: expected an object such as/],
    ['{"key":"k"}', /value 1: no value; null is a tombstone/],
    ['{"value":1}', /value 1: the value: expected a text; .*--value-as json/],
    ['{"value":"v","part":1}', /value 1: part: expected key, value, headers, partition, timestamp/],
    ['{"value":"v","headers":[1]}', /value 1: headers: expected/],
    ['{"value":"v","partition":"1"}', /value 1: partition: expected an integer/],
  ] as const) {
    assert.match((await run(1, ["produce", topic, "-f", "json", line])).stderr, message);
  }
});

test("produce says where records went, when it is asked to, and how they are to be stored", async () => {
  const topic = await newTopic(2);
  const args = ["produce", topic, "a", "b", "-p", "1", "-o", "json", "--compression", "zstd", "--acks", "1"];
  const stored = JSON.parse((await run(0, args)).stdout);
  const places = stored.map(({ partition, offset }: { partition: number; offset: number }) => [partition, offset]);
  assert.deepEqual(places, [
    [1, 0],
    [1, 1],
  ]);
  const csv = (await run(0, ["produce", topic, "c", "-p", "0", "--acks", "0", "-o", "csv"])).stdout;
  assert.match(csv, new RegExp(`^topic,partition,offset,timestamp\n${topic},0,,\\d+\n$`));
  assert.match((await run(1, ["produce", topic, "x", "-p", "7"])).stderr, /partition 7 does not exist; there are 2/);
});

test("100,000 lines are produced and consumed whole", async () => {
  const topic = await newTopic(3);
  const lines = Array.from({ length: 100_000 }, (_, n) => `record ${n}`);
  assert.match((await run(0, ["produce", topic], lines.join("\n"))).stderr, /^100000 records/);
  const got = (await read(topic)).split("\n").filter(Boolean);
  assert.deepEqual(got.toSorted(), lines.toSorted());
});

test("formats show what they say", async () => {
  const topic = await newTopic();
  const timestamp = 1_700_000_000_000;
  const record = {
    key: "k",
    value: "v",
    headers: [
      ["a", "1"],
      ["b", null],
    ],
    timestamp,
  };
  await run(0, ["produce", topic, "-f", "json", JSON.stringify(record), JSON.stringify({ value: null, timestamp })]);
  assert.equal(await read(topic, "-f", "value"), "v\nNULL\n");
  assert.equal(await read(topic, "-f", "key"), "k\tv\nNULL\tNULL\n");
  const time = "2023-11-14T22:13:20.000Z";
  const full = `${topic}/0@0  ${time}  k → v  (a=1,b=NULL)\n${topic}/0@1  ${time}  NULL → NULL\n`;
  assert.equal(await read(topic, "-f", "full"), full);
  const template = "%t|%p|%o|%k|%s|%K|%S|%T|%h|%%|\\t|\\q";
  assert.equal(
    await read(topic, "-f", template),
    `${topic}|0|0|k|v|1|1|${timestamp}|a=1,b=NULL|%|\t|\\q\n${topic}|0|1|NULL|NULL|-1|-1|${timestamp}||%|\t|\\q\n`,
  );
});

test("reading starts at an offset, a time, or so many before the end, in the partitions that are named", async () => {
  const topic = await newTopic(3);
  const records = [0, 1, 2].flatMap((partition) =>
    [1, 2, 3].map((n) => JSON.stringify({ value: `${partition}.${n}`, partition, timestamp: 1_700_000_000_000 + n })),
  );
  await run(0, ["produce", topic, "-f", "json"], records.join("\n"));
  const from = async (...args: string[]) =>
    (await run(0, ["consume", topic, "--until-end", ...args])).stdout.split("\n").filter(Boolean).toSorted().join(" ");
  assert.equal(await from("--from-offset", "2"), "0.3 1.3 2.3");
  assert.equal(await from("--from-time", "1700000000002", "-p", "1"), "1.2 1.3");
  assert.equal(await from("--from-time", "2023-11-14T22:13:20.003Z", "-p", "0,2"), "0.3 2.3");
  assert.equal(await from("--from-time", "1h"), "");
  assert.equal(await from("--last", "1", "-p", "1-2"), "1.3 2.3");
  assert.equal(await from("--last", "99", "-p", "0"), "0.1 0.2 0.3");
  assert.equal(await from("--from-beginning", "-n", "2", "-p", "0"), "0.1 0.2");
  const cut = await run(0, ["consume", topic, "--until-end", "--from-offset", "9", "-p", "0"]);
  assert.deepEqual([cut.stdout, cut.stderr], ["", `${topic}/0 goes from 0 to 3: read from 3\n`]);
});

test("without a place to start from, what comes from now on is read until control-C", async () => {
  const topic = await newTopic();
  await run(0, ["produce", topic, "before"]);
  const consumer = start(["consume", topic, "-b", bootstrapServers]);
  await heard(consumer.stderr, /from now on/);
  await run(0, ["produce", topic, "after"]);
  assert.equal(await heard(consumer.stdout, /\n/), "after\n");
  assert.equal(await ended(consumer, "SIGINT"), 0);
});

test("when the reader goes, consume ends quietly", async () => {
  const topic = await newTopic();
  await run(0, ["produce", topic], "line\n".repeat(100_000));
  const consumer = start(all(topic, "-b", bootstrapServers));
  const said = text(consumer.stderr);
  await heard(consumer.stdout, /\n/);
  consumer.stdout.destroy();
  assert.equal(await ended(consumer), 0);
  assert.equal(await said, "");
});

test("records that do not come in time leave a condition unmet: exit code 3", async () => {
  const topic = await newTopic();
  await run(0, ["produce", topic, "one"]);
  const waiting = ["consume", topic, "--from-beginning", "--timeout", "1"];
  const { stdout, stderr } = await run(3, [...waiting, "-n", "2"]);
  assert.deepEqual([stdout, stderr], ["one\n", "regroup: 1 of 2 records came in time\n"]);
  await run(0, waiting);
  await run(0, [...waiting, "-n", "1"]);
});

test("a properties file of a Java program is taken as it is", async () => {
  const topic = await newTopic();
  const file = join(folder, "java.properties");
  const java = "org.apache.kafka.common.serialization.String";
  const lines = [`key.deserializer=${java}Deserializer`, `value.serializer=${java}Serializer`, "max.poll.records=1"];
  await writeFile(file, [...lines, `bootstrap.servers=${bootstrapServers}`, ""].join("\n"));
  await run(0, ["produce", topic, "-k", "k", "v", "w", "--config", file]);
  assert.equal(await read(topic, "-f", "key", "--config", file), "k\tv\nk\tw\n");
});

test("what cannot be meant is usage", async () => {
  const topic = await newTopic();
  for (const args of [
    ["consume"],
    ["consume", topic, "--until-end"],
    ["consume", topic, "--from-beginning", "--last", "1"],
    ["consume", topic, "--from-time", "yesterday"],
    ["consume", topic, "--from-offset", "-1"],
    ["consume", topic, "--from-beginning", "-p", "3"],
    ["consume", topic, "--from-beginning", "-p", "x"],
    ["consume", topic, "-n", "0"],
    ["consume", topic, "-f", "xml"],
    ["consume", topic, "-f", "%x"],
    ["consume", topic, "--no-commit"],
    ["consume", topic, "-g", "g", "--from-offset", "1"],
    ["consume", topic, "-g", "g", "-p", "0"],
    ["consume", topic, "--value-as", "xml"],
    ["consume", topic, "-X", "value.deserializer=string"],
    ["produce", topic, "v", "-X", "keySerializer=json"],
    ["produce"],
    ["produce", topic, "v", "--file", "f"],
    ["produce", topic, "v", "-f", "json", "-K", ":"],
    ["produce", topic, "v", "-k", "k", "-K", ":"],
    ["produce", topic, "v", "--compression", "zip"],
    ["produce", topic, "v", "--acks", "2"],
    ["produce", topic, "v", "--acks", "1", "-X", "enable.idempotence=true"],
    ["produce", topic, "v", "-H", "trace"],
    ["produce", topic, "v", "--timestamp", "then"],
  ]) {
    assert.match((await run(2, args)).stderr, /^regroup: /, args.join(" "));
  }
});

test("a topic or a file that does not exist fails", async () => {
  assert.match((await run(1, ["consume", "unknown"])).stderr, /^regroup: topic unknown: UNKNOWN_TOPIC_OR_PARTITION/);
  assert.match((await run(1, ["consume", "--match", "un.*"])).stderr, /^regroup: no topic matches un/);
  const missing = ["produce", await newTopic(), "--file", join(folder, "missing")];
  assert.match((await run(1, missing)).stderr, /regroup: --file .*missing: ENOENT/);
  const nobody = await regroup(["produce", "t", "v", "-b", "127.0.0.1:1"]);
  assert.deepEqual([nobody.code, nobody.stderr.split("\n").length], [1, 2]);
});
