import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { accepted, createTopic, fetch, fresh, open, produce, refused, type Topic } from "../suite.ts";
import { batch } from "../wire/batch.ts";
import type { Value } from "../wire/codec.ts";
import { versionsOf } from "../wire/schemas.ts";

const broker = await open();
const [EARLIEST, LATEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING] = [-2, -1, -3, -4, -5, -6];

async function listOffsets(topic: Topic, timestamp: number, set: Value = {}, version = 11): Promise<Value> {
  const { partitionIndex = 0, currentLeaderEpoch = -1, ...request } = set;
  const partitions = [{ partitionIndex, currentLeaderEpoch, timestamp }];
  const body = { replicaId: -1, timeoutMs: 5_000, ...request, topics: [{ name: topic.name, partitions }] };
  return (await broker.ask("ListOffsets", body, version)).topics[0].partitions[0];
}

/** Records of 1970 are older than any topic keeps them by default. */
const forever = { "retention.ms": "-1" };

/** Records at these timestamps, two in a batch. */
async function at(...timestamps: number[]): Promise<Topic> {
  const topic = await createTopic(broker, 1, forever);
  for (let i = 0; i < timestamps.length; i += 2) {
    const records = timestamps.slice(i, i + 2).map((timestamp) => ({ value: "x", timestamp }));
    accepted(await produce(broker, topic, batch(records)));
  }
  return topic;
}

const told = ({ offset, timestamp }: Value) => [offset, timestamp];

suite("ListOffsets", { concurrency: true }, () => {
  test("every version tells the first, the last and the offset of a time", async () => {
    const topic = await at(1000, 2000, 3000, 4000);
    const [low, high] = versionsOf("ListOffsets");
    for (let version = low; version <= high; version++) {
      const ask = async (timestamp: number) => accepted(await listOffsets(topic, timestamp, {}, version));
      assert.deepEqual(told(await ask(EARLIEST)), [0, -1]);
      assert.deepEqual(told(await ask(LATEST)), [4, -1]);
      const third = await ask(2500);
      assert.deepEqual(told(third), [2, 3000]);
      if (version >= 4) assert.equal(third.leaderEpoch, 0);
    }
  });

  test("by time: the first record at or after it, also within a batch; behind the last one none", async () => {
    const topic = await at(1000, 3000, 2000, 4000, 4000, 5000);
    for (const [timestamp, offset, found] of [
      [0, 0, 1000],
      [1000, 0, 1000],
      [1001, 1, 3000],
      [2000, 1, 3000],
      [3001, 3, 4000],
      [4001, 5, 5000],
      [5000, 5, 5000],
    ] as const) {
      assert.deepEqual(told(accepted(await listOffsets(topic, timestamp))), [offset, found], `at ${timestamp}`);
    }
    assert.deepEqual(told(accepted(await listOffsets(topic, 5001))), [-1, -1]);
  });

  test("by time in a batch that is compressed", async () => {
    const topic = await createTopic(broker, 1, forever);
    const records = [1000, 2000, 3000].map((timestamp) => ({ value: "x", timestamp }));
    accepted(await produce(broker, topic, batch(records, { gzip: true })));
    assert.deepEqual(told(accepted(await listOffsets(topic, 1500))), [1, 2000]);
  });

  test("from version 7 on: the record with the greatest timestamp", async () => {
    const topic = await at(1000, 9000, 9000, 3000);
    for (const version of [7, 8, 9, 10, 11]) {
      const answer = accepted(await listOffsets(topic, MAX_TIMESTAMP, {}, version));
      assert.deepEqual(told(answer), [1, 9000]);
    }
    assert.deepEqual(told(accepted(await listOffsets(await at(), MAX_TIMESTAMP))), [-1, -1]);
  });

  test("an empty partition begins and ends at 0, and has nothing at any time", async () => {
    const topic = await at();
    assert.deepEqual(told(accepted(await listOffsets(topic, EARLIEST))), [0, -1]);
    assert.deepEqual(told(accepted(await listOffsets(topic, LATEST))), [0, -1]);
    assert.deepEqual(told(accepted(await listOffsets(topic, 0))), [-1, -1]);
  });

  test("without tiered storage the local log begins where the log does, and nothing is tiered", async () => {
    const topic = await at(1000, 2000);
    assert.equal(accepted(await listOffsets(topic, EARLIEST_LOCAL)).offset, 0);
    assert.equal(accepted(await listOffsets(topic, LATEST_TIERED)).offset, -1);
    assert.equal(accepted(await listOffsets(topic, EARLIEST_PENDING)).offset, -1);
  });

  test("a negative time that has no meaning, or not yet in the version, is refused", async () => {
    const topic = await at(1000, 2000);
    refused(await listOffsets(topic, -9), "UNSUPPORTED_VERSION");
    refused(await listOffsets(topic, MAX_TIMESTAMP, {}, 6), "UNSUPPORTED_VERSION");
    refused(await listOffsets(topic, EARLIEST_LOCAL, {}, 7), "UNSUPPORTED_VERSION");
  });

  test("unknown topics and partitions are told, and wrong leader epochs", async () => {
    const topic = await at(1000, 2000);
    refused(await listOffsets({ name: fresh("x"), id: "" }, LATEST), "UNKNOWN_TOPIC_OR_PARTITION");
    refused(await listOffsets(topic, LATEST, { partitionIndex: 7 }), "UNKNOWN_TOPIC_OR_PARTITION");
    accepted(await listOffsets(topic, LATEST, { currentLeaderEpoch: 0 }));
    refused(await listOffsets(topic, LATEST, { currentLeaderEpoch: 9 }), "UNKNOWN_LEADER_EPOCH");
  });

  test("a partition asked for twice is an invalid request", async () => {
    const topic = await at(1000, 2000);
    const partition = { partitionIndex: 0, timestamp: LATEST };
    const topics = [{ name: topic.name, partitions: [partition, partition] }];
    const answer = await broker.ask("ListOffsets", { topics });
    for (const each of answer.topics[0].partitions) refused(each, "INVALID_REQUEST");
  });
});

suite("DeleteRecords", { concurrency: true }, () => {
  const remove = async (topic: Topic, offset: number, version = 2, partitionIndex = 0): Promise<Value> => {
    const topics = [{ name: topic.name, partitions: [{ partitionIndex, offset }] }];
    return (await broker.ask("DeleteRecords", { topics, timeoutMs: 5_000 }, version)).topics[0].partitions[0];
  };

  test("the log begins at the offset given; what lies before it is out of range", async () => {
    const topic = await at(1000, 2000, 3000, 4000);
    for (const [version, offset] of [
      [0, 1],
      [1, 2],
      [2, 3],
    ] as const) {
      assert.equal(accepted(await remove(topic, offset, version)).lowWatermark, offset);
      assert.deepEqual(told(accepted(await listOffsets(topic, EARLIEST))), [offset, -1]);
    }
    refused(await fetch(broker, topic, 2), "OFFSET_OUT_OF_RANGE");
    assert.equal(accepted(await fetch(broker, topic, 3)).logStartOffset, 3);
    assert.equal(accepted(await remove(topic, 1)).lowWatermark, 3); // it never goes back
  });

  test("-1 is the high watermark, beyond it is out of range", async () => {
    const topic = await at(1000, 2000);
    refused(await remove(topic, 3), "OFFSET_OUT_OF_RANGE");
    refused(await remove(topic, -2), "OFFSET_OUT_OF_RANGE");
    assert.equal(accepted(await remove(topic, -1)).lowWatermark, 2);
    assert.deepEqual(told(accepted(await listOffsets(topic, EARLIEST))), [2, -1]);
    assert.equal(accepted(await produce(broker, topic, batch([{ value: "y" }]))).baseOffset, 2);
  });

  test("unknown topics and partitions are told; a topic that does not delete refuses", async () => {
    const topic = await at(1000, 2000);
    refused(await remove({ name: fresh("x"), id: "" }, 0), "UNKNOWN_TOPIC_OR_PARTITION");
    refused(await remove(topic, 0, 2, 6), "UNKNOWN_TOPIC_OR_PARTITION");
    refused(await remove(await createTopic(broker, 1, { "cleanup.policy": "compact" }), 0), "POLICY_VIOLATION");
  });
});

suite("OffsetForLeaderEpoch", { concurrency: true }, () => {
  const ask = async (topic: Topic, leaderEpoch: number, set: Value = {}, version = 4): Promise<Value> => {
    const partitions = [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch, ...set }];
    const topics = [{ topic: topic.name, partitions }];
    return (await broker.ask("OffsetForLeaderEpoch", { replicaId: -1, topics }, version)).topics[0].partitions[0];
  };

  test("the current epoch ends at the end of the log, an unknown one is not defined", async () => {
    const topic = await at(1000, 2000);
    for (const version of [2, 3, 4]) {
      const answer = accepted(await ask(topic, 0, {}, version));
      assert.deepEqual([answer.leaderEpoch, answer.endOffset], [0, 2]);
    }
    const unknown = accepted(await ask(topic, 7));
    assert.deepEqual([unknown.leaderEpoch, unknown.endOffset], [-1, -1]);
  });

  test("unknown partitions and wrong current epochs are told", async () => {
    const topic = await at(1000, 2000);
    refused(await ask(topic, 0, { partition: 8 }), "UNKNOWN_TOPIC_OR_PARTITION");
    refused(await ask(topic, 0, { currentLeaderEpoch: 4 }), "UNKNOWN_LEADER_EPOCH");
    refused(await ask({ name: fresh("x"), id: "" }, 0), "UNKNOWN_TOPIC_OR_PARTITION");
  });
});
