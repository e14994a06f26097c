import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { accepted, createTopic, fetch, open, produce, refused, type Topic, tight, until } from "../suite.ts";
import { batch, records } from "../wire/batch.ts";

/* The tight broker looks for what may go every 300 ms. */

const broker = await open(tight);

async function earliest({ name }: Topic): Promise<number> {
  const topics = [{ name, partitions: [{ partitionIndex: 0, timestamp: -2 }] }];
  return accepted((await broker.ask("ListOffsets", { topics })).topics[0].partitions[0]).offset;
}

suite("Retention and compaction", { concurrency: true }, () => {
  test("retention.ms: records that are older go, and the log begins behind them", async () => {
    const topic = await createTopic(broker, 1, { "retention.ms": "60000" });
    const old = Date.now() - 120_000;
    accepted(
      await produce(
        broker,
        topic,
        batch([
          { value: "a", timestamp: old },
          { value: "b", timestamp: old },
        ]),
      ),
    );
    await until("the log begins at 2", async () => (await earliest(topic)) === 2);
    refused(await fetch(broker, topic, 0), "OFFSET_OUT_OF_RANGE");
    assert.equal(accepted(await produce(broker, topic, batch([{ value: "c" }]))).baseOffset, 2);
    assert.deepEqual(
      records((await fetch(broker, topic, 2)).records).map((each) => each.value),
      ["c"],
    );
  });

  test("retention.bytes: whole segments go from the front, until less than that is left over", async () => {
    const topic = await createTopic(broker, 1, { "retention.bytes": "1500000", "segment.bytes": "1048576" });
    const large = "x".repeat(150_000);
    for (let i = 0; i < 30; i++) accepted(await produce(broker, topic, batch([{ value: large }])));
    const begin = await until("the log begins later", async () => (await earliest(topic)) > 8 && earliest(topic));
    assert.ok(begin < 24, `begins at ${begin}`); // 1,500,000 bytes are kept at least
    const [first] = records((await fetch(broker, topic, begin)).records);
    assert.equal(first?.offset, begin);
  });

  test("cleanup.policy=compact: of each key the last record stays, at the offset it had", async () => {
    const configs = { "cleanup.policy": "compact", "segment.ms": "200", "min.cleanable.dirty.ratio": "0.01" };
    const topic = await createTopic(broker, 1, configs);
    for (const [key, value] of [
      ["a", "1"],
      ["b", "1"],
      ["a", "2"],
      ["c", "1"],
      ["a", "3"],
    ] as const) {
      accepted(await produce(broker, topic, batch([{ key, value }])));
    }
    await until(
      "the older ones are gone",
      async () => {
        // an old segment ends when the next append comes
        accepted(await produce(broker, topic, batch([{ key: "filler", value: "f" }])));
        const left = records((await fetch(broker, topic, 0)).records).filter((each) => each.key !== "filler");
        return left.map(({ key, value, offset }) => `${key}${value}@${offset}`).join(" ") === "b1@1 c1@3 a3@4";
      },
      40_000,
    );
    assert.equal(await earliest(topic), 0);
  });
});
