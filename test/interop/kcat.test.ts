import assert from "node:assert/strict";
import { test } from "node:test";
import { lines, run } from "./support/tools.ts";
import { startWorld } from "./support/world.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `value ${n}`);

for (const codec of ["none", "gzip", "snappy", "lz4", "zstd"]) {
  test(`kcat: records produced with compression ${codec} come back as they were`, async (t) => {
    const { broker, createTopic } = await startWorld(t);
    await createTopic("t", 1);
    const sent = numbers(500);
    await run("kcat", ["-b", broker.bootstrap, "-P", "-t", "t", "-z", codec], `${sent.join("\n")}\n`);
    const got = await run("kcat", ["-b", broker.bootstrap, "-C", "-t", "t", "-e", "-q"]);
    assert.deepEqual(lines(got), sent);
  });
}

test("kcat: keys, headers, and the idempotent producer", async (t) => {
  const { broker, createTopic } = await startWorld(t);
  await createTopic("t", 1);
  const how = ["-P", "-t", "t", "-K", ":", "-H", "trace=abc", "-X", "enable.idempotence=true"];
  await run("kcat", ["-b", broker.bootstrap, ...how], "k1:v1\nk2:v2\n");
  const got = await run("kcat", ["-b", broker.bootstrap, "-C", "-t", "t", "-e", "-q", "-J"]);
  assert.deepEqual(
    lines(got)
      .map((line) => JSON.parse(line))
      .map(({ offset, key, payload, headers }) => ({ offset, key, payload, headers })),
    [
      { offset: 0, key: "k1", payload: "v1", headers: ["trace", "abc"] },
      { offset: 1, key: "k2", payload: "v2", headers: ["trace", "abc"] },
    ],
  );
});

test("kcat: a topic that nobody created is made when somebody produces to it", async (t) => {
  const { broker } = await startWorld(t);
  await run("kcat", ["-b", broker.bootstrap, "-P", "-t", "new"], "hello\n");
  const metadata = JSON.parse((await run("kcat", ["-b", broker.bootstrap, "-L", "-J", "-t", "new"])).stdout);
  assert.equal(metadata.topics[0].partitions.length, 6);
  assert.deepEqual(lines(await run("kcat", ["-b", broker.bootstrap, "-C", "-t", "new", "-e", "-q"])), ["hello"]);
});

test("kcat: offsets by time, from the start, from the end, and between", async (t) => {
  const { broker, createTopic } = await startWorld(t);
  await createTopic("t", 1);
  const produce = (text: string) => run("kcat", ["-b", broker.bootstrap, "-P", "-t", "t"], text);
  await produce("early 1\nearly 2\n");
  const all = await run("kcat", ["-b", broker.bootstrap, "-C", "-t", "t", "-e", "-q", "-J"]);
  const between = Math.max(...lines(all).map((line) => JSON.parse(line).ts)) + 1;
  while (Date.now() <= between) await produce(""); // the clock decides; a call takes some milliseconds
  await produce("late 1\nlate 2\n");

  const query = await run("kcat", ["-b", broker.bootstrap, "-Q", "-t", `t:0:${between}`]);
  assert.match(query.stdout, /^t \[0\] offset 2$/m);
  const consume = async (from: string) =>
    lines(await run("kcat", ["-b", broker.bootstrap, "-C", "-t", "t", "-p", "0", "-o", from, "-e", "-q"]));
  assert.deepEqual(await consume(`s@${between}`), ["late 1", "late 2"]);
  assert.deepEqual(await consume("beginning"), ["early 1", "early 2", "late 1", "late 2"]);
  assert.deepEqual(await consume("-1"), ["late 2"]);
  assert.deepEqual(await consume("1"), ["early 2", "late 1", "late 2"]);
});
