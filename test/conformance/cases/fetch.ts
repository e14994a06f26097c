import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { accepted, createTopic, fetch, fresh, open, produce, refused, type Topic } from "../suite.ts";
import { batch, batches, records } from "../wire/batch.ts";
import { type Value, zeroUuid } from "../wire/codec.ts";
import { type Connection, isPending } from "../wire/connection.ts";
import { versionsOf } from "../wire/schemas.ts";

const broker = await open();

/** A topic with these records, each in a batch of its own. */
async function filled(...values: string[]): Promise<Topic> {
  const topic = await createTopic(broker);
  for (const value of values) accepted(await produce(broker, topic, batch([{ value }])));
  return topic;
}

const values = (answer: Value) => records(answer.records).map((each) => each.value);

suite("Fetch", { concurrency: true }, () => {
  test("every version reads, and tells the ends of the log", async () => {
    const topic = await filled("a", "b", "c");
    const [low, high] = versionsOf("Fetch");
    for (let version = low; version <= high; version++) {
      const answer = accepted(await fetch(broker, topic, 1, {}, version));
      assert.deepEqual(values(answer), ["b", "c"]);
      assert.deepEqual([answer.highWatermark, answer.lastStableOffset], [3, 3]);
      if (version >= 5) assert.equal(answer.logStartOffset, 0);
      if (version >= 11) assert.equal(answer.preferredReadReplica, -1);
    }
  });

  test("a fetch from within a batch gets the whole batch", async () => {
    const topic = await createTopic(broker);
    accepted(await produce(broker, topic, batch([{ value: "a" }, { value: "b" }, { value: "c" }])));
    assert.deepEqual(values(await fetch(broker, topic, 2)), ["a", "b", "c"]);
  });

  test("an offset outside the log is out of range, the end of the log is not", async () => {
    const topic = await filled("a", "b");
    for (const offset of [3, 1000, -1, 2n ** 62n]) {
      const answer = await fetch(broker, topic, offset);
      refused(answer, "OFFSET_OUT_OF_RANGE");
      assert.deepEqual([answer.highWatermark, answer.records?.length ?? 0], [-1, 0]);
    }
    assert.deepEqual(values(accepted(await fetch(broker, topic, 2))), []);
  });

  test("an unknown topic, topic id or partition is told at once, however long the fetch may wait", async () => {
    const topic = await filled("a");
    const from = performance.now();
    const set = { maxWaitMs: 5_000, minBytes: 1_000_000 };
    refused(await fetch(broker, { name: fresh("x"), id: zeroUuid }, 0, set, 12), "UNKNOWN_TOPIC_OR_PARTITION");
    refused(await fetch(broker, { name: "", id: "AAAAAAAAAAAAAAAAAAAAQQ" }, 0, set), "UNKNOWN_TOPIC_ID");
    refused(await fetch(broker, topic, 0, { ...set, partition: 3 }), "UNKNOWN_TOPIC_OR_PARTITION");
    assert.ok(performance.now() - from < 4_000);
  });

  test("a leader epoch that is not the current one is fenced or unknown", async () => {
    const topic = await filled("a");
    accepted(await fetch(broker, topic, 0, { currentLeaderEpoch: 0 }));
    refused(await fetch(broker, topic, 0, { currentLeaderEpoch: 5 }), "UNKNOWN_LEADER_EPOCH");
  });

  test("read_committed reads all that no transaction holds back", async () => {
    const topic = await filled("a", "b");
    const answer = accepted(await fetch(broker, topic, 0, { isolationLevel: 1 }));
    assert.deepEqual(values(answer), ["a", "b"]);
    assert.deepEqual(answer.abortedTransactions ?? [], []);
    assert.equal((await fetch(broker, topic, 0)).abortedTransactions, null);
  });

  test("the same partition as another's: two topics in one fetch", async () => {
    const [one, two] = [await filled("a"), await filled("b")];
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
    const topics = [one, two].map(({ id }) => ({ topicId: id, partitions }));
    const answer = accepted(await broker.ask("Fetch", { maxWaitMs: 0, minBytes: 1, topics }));
    const got = answer.responses.map((each: Value) => [each.topicId, values(each.partitions[0])]);
    assert.deepEqual(got, [
      [one.id, ["a"]],
      [two.id, ["b"]],
    ]);
  });
});

suite("Fetch: waiting and limits", { concurrency: true }, () => {
  test("at the end of the log it waits for max wait", async () => {
    const topic = await filled("a");
    const connection = await open();
    const from = performance.now();
    assert.deepEqual(values(await fetch(connection, topic, 1, { maxWaitMs: 300 })), []);
    const tookMs = performance.now() - from;
    assert.ok(tookMs > 280 && tookMs < 3_000, `${tookMs} ms`);
  });

  test("it is answered as soon as something is appended", async () => {
    const topic = await filled("a");
    const connection = await open();
    const from = performance.now();
    const waiting = fetch(connection, topic, 1, { maxWaitMs: 15_000 });
    accepted(await produce(broker, topic, batch([{ value: "b" }])));
    assert.deepEqual(values(await waiting), ["b"]);
    assert.ok(performance.now() - from < 5_000);
  });

  test("it waits for min bytes", async () => {
    const topic = await filled("a");
    const connection = await open();
    const waiting = fetch(connection, topic, 0, { maxWaitMs: 15_000, minBytes: 500 });
    accepted(await produce(broker, topic, batch([{ value: "b" }])));
    accepted(await fetch(broker, topic, 0));
    assert.ok(await isPending(waiting));
    accepted(await produce(broker, topic, batch([{ value: "c".repeat(500) }])));
    assert.deepEqual(values(await waiting).length, 3);
  });

  test("min bytes 0, or nothing to fetch, does not wait", async () => {
    const topic = await filled("a");
    const from = performance.now();
    assert.deepEqual(values(await fetch(broker, topic, 1, { maxWaitMs: 5_000, minBytes: 0 })), []);
    accepted(await broker.ask("Fetch", { maxWaitMs: 5_000, minBytes: 1, topics: [] }));
    assert.ok(performance.now() - from < 4_000);
  });

  test("the first batch comes whole even when it is larger than all limits", async () => {
    const topic = await filled("a".repeat(1000), "b");
    const answer = await fetch(broker, topic, 0, { partitionMaxBytes: 10, maxBytes: 10 });
    assert.equal(batches(answer.records)[0]?.records[0]?.value?.length, 1000);
  });

  test("partition max bytes bounds what one partition gives", async () => {
    const topic = await filled("a".repeat(1000), "b".repeat(1000), "c".repeat(1000));
    const answer = await fetch(broker, topic, 0, { partitionMaxBytes: 2300 });
    assert.equal(batches(answer.records).length, 2);
    assert.ok(answer.records.length <= 2300);
  });

  test("max bytes bounds the answer; partitions behind it come empty", async () => {
    const topic = await createTopic(broker, 3);
    for (const partition of [0, 1, 2]) {
      accepted(await produce(broker, topic, batch([{ value: "x".repeat(1000) }]), { partition }));
    }
    const partitions = [0, 1, 2].map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 10_000 }));
    const topics = [{ topicId: topic.id, partitions }];
    const answer = accepted(await broker.ask("Fetch", { maxWaitMs: 0, minBytes: 1, maxBytes: 1500, topics }));
    const counts = answer.responses[0].partitions.map((each: Value) => batches(each.records).length);
    assert.deepEqual(counts, [1, 0, 0]);
  });
});

suite("Fetch sessions", { concurrency: true }, () => {
  interface Session {
    connection: Connection;
    topic: Topic;
    id: number;
    full: Value;
  }
  const ask = (connection: Connection, topic: Topic, set: Value, offset?: number, more: Value = {}) => {
    const partitions = offset === undefined ? [] : [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 10_000 }];
    const topics = partitions.length > 0 ? [{ topicId: topic.id, partitions }] : [];
    return connection.ask("Fetch", { maxWaitMs: 0, minBytes: 0, topics, ...set, ...more });
  };
  async function begin(...contents: string[]): Promise<Session> {
    const [connection, topic] = [await open(), await filled(...contents)];
    const full = accepted(await ask(connection, topic, { sessionId: 0, sessionEpoch: 0 }, 0));
    return { connection, topic, id: full.sessionId, full };
  }

  test("a full fetch with epoch 0 begins one; the next tell only what is new", async () => {
    const { connection, topic, id, full } = await begin("a");
    assert.ok(id > 0);
    assert.deepEqual(values(full.responses[0].partitions[0]), ["a"]);
    const moved = accepted(await ask(connection, topic, { sessionId: id, sessionEpoch: 1 }, 1));
    assert.deepEqual([moved.sessionId, moved.responses], [id, []]);
    accepted(await produce(broker, topic, batch([{ value: "b" }])));
    const news = accepted(await ask(connection, topic, { sessionId: id, sessionEpoch: 2 }));
    assert.deepEqual(values(news.responses[0].partitions[0]), ["b"]);
    const none = accepted(await ask(connection, topic, { sessionId: id, sessionEpoch: 3 }, 2));
    assert.deepEqual(none.responses, []);
  });

  test("epoch -1 without a session begins none", async () => {
    const [connection, topic] = [await open(), await filled("a")];
    const answer = accepted(await ask(connection, topic, { sessionId: 0, sessionEpoch: -1 }, 0));
    assert.equal(answer.sessionId, 0);
    assert.deepEqual(values(answer.responses[0].partitions[0]), ["a"]);
  });

  test("a wrong epoch and an unknown session are refused", async () => {
    const { connection, topic, id } = await begin("a");
    refused(await ask(connection, topic, { sessionId: id, sessionEpoch: 5 }), "INVALID_FETCH_SESSION_EPOCH");
    refused(await ask(connection, topic, { sessionId: 1, sessionEpoch: 1 }), "FETCH_SESSION_ID_NOT_FOUND");
    accepted(await ask(connection, topic, { sessionId: id, sessionEpoch: 1 }));
  });

  test("epoch -1 ends a session", async () => {
    const { connection, topic, id } = await begin("a");
    accepted(await ask(connection, topic, { sessionId: id, sessionEpoch: -1 }, 0));
    refused(await ask(connection, topic, { sessionId: id, sessionEpoch: 1 }), "FETCH_SESSION_ID_NOT_FOUND");
  });

  test("epoch 0 with a session id ends that one and begins another", async () => {
    const { connection, topic, id } = await begin("a");
    const again = accepted(await ask(connection, topic, { sessionId: id, sessionEpoch: 0 }, 0));
    assert.ok(again.sessionId > 0 && again.sessionId !== id);
    refused(await ask(connection, topic, { sessionId: id, sessionEpoch: 1 }), "FETCH_SESSION_ID_NOT_FOUND");
  });

  test("partitions are added to a session, and forgotten by it", async () => {
    const { connection, topic, id } = await begin("a");
    const second = await filled("b");
    const added = accepted(await ask(connection, second, { sessionId: id, sessionEpoch: 1 }, 0));
    assert.deepEqual(added.responses.map((each: Value) => each.topicId).sort(), [topic.id, second.id].sort());
    const forgotten = { forgottenTopicsData: [{ topicId: topic.id, partitions: [0] }] };
    const rest = accepted(await ask(connection, topic, { sessionId: id, sessionEpoch: 2 }, undefined, forgotten));
    assert.deepEqual(
      rest.responses.map((each: Value) => each.topicId),
      [second.id],
    );
  });

  test("a session waits for all its partitions", async () => {
    const { connection, topic, id } = await begin("a");
    accepted(await ask(connection, topic, { sessionId: id, sessionEpoch: 1 }, 1));
    const waiting = ask(connection, topic, { sessionId: id, sessionEpoch: 2, maxWaitMs: 15_000, minBytes: 1 });
    accepted(await produce(broker, topic, batch([{ value: "b" }])));
    assert.deepEqual(values((await waiting).responses[0].partitions[0]), ["b"]);
  });

  test("errors are told again and again", async () => {
    const { connection, topic, id } = await begin("a");
    for (const sessionEpoch of [1, 2]) {
      const answer = accepted(await ask(connection, topic, { sessionId: id, sessionEpoch }, 99));
      refused(answer.responses[0].partitions[0], "OFFSET_OUT_OF_RANGE");
    }
  });
});
