/** Every library's idempotent producer, in every compression that it brings: each record lies where it was told. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { python } from "./support/libraries.ts";
import { lines, run } from "./support/tools.ts";
import { startWorld } from "./support/world.ts";

const clients = join(import.meta.dirname, "clients");
const all = ["none", "gzip", "snappy", "lz4", "zstd"];
const producers = [
  { name: "kafkajs", command: process.execPath, file: "produce-kafkajs.ts", codecs: ["none", "gzip"] },
  { name: "@platformatic/kafka", command: process.execPath, file: "produce-platformatic.ts", codecs: all },
  { name: "confluent-kafka", command: python, file: "produce-confluent.py", codecs: all },
  { name: "kafka-python", command: python, file: "produce-kafka-python.py", codecs: ["none", "gzip"] },
];
const count = 200;

for (const { name, command, file, codecs } of producers) {
  test(`${name}: what the idempotent producer was told is what lies there (${codecs.join(", ")})`, async (t) => {
    const { broker, createTopic } = await startWorld(t);
    for (const compression of codecs) {
      const topic = `of-${compression}`;
      await createTopic(topic, 3);
      const options = { bootstrap: broker.bootstrap, topic, compression, count };
      const told = lines(await run(command, [join(clients, file), JSON.stringify(options)]));
      assert.equal(told.length, count);

      const stored = lines(await run("kcat", ["-b", broker.bootstrap, "-C", "-t", topic, "-e", "-q", "-J"]))
        .map((line) => JSON.parse(line))
        .map(({ partition, offset, payload }) => ({ partition, offset, value: payload }));
      const inOrder = (a: { value: string }, b: { value: string }) => a.value.localeCompare(b.value);
      assert.deepEqual(stored.sort(inOrder), told.map((line) => JSON.parse(line)).sort(inOrder), compression);
    }
  });
}
