import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { describeTransaction, Producer } from "../producer.ts";
import { accepted, createTopic, fresh, open, refused, until } from "../suite.ts";
import type { Value } from "../wire/codec.ts";

const broker = await open();
const topic = await createTopic(broker, 2);

async function list(set: Value = {}, version = 2): Promise<Value> {
  return accepted(await broker.ask("ListTransactions", { stateFilters: [], producerIdFilters: [], ...set }, version));
}

/** The states that are listed for these producers, by transactional id. */
async function statesOf(producers: Producer[], set: Value = {}, version = 2): Promise<(string | undefined)[]> {
  const { transactionStates } = await list(set, version);
  return producers.map(({ transactionalId, producerId }) => {
    const found = transactionStates.find((each: Value) => each.transactionalId === transactionalId);
    if (found) assert.equal(found.producerId, producerId);
    return found?.transactionState;
  });
}

suite("DescribeTransactions", { concurrency: true }, () => {
  test("an id that nobody has used, and an empty one", async () => {
    refused(await describeTransaction(broker, fresh("unknown")), "TRANSACTIONAL_ID_NOT_FOUND");
    refused(await describeTransaction(broker, ""), "INVALID_REQUEST");
  });

  test("several ids at once, each for itself", async () => {
    const [a, b] = [await Producer.of({ transactionTimeoutMs: 30_000 }), await Producer.of()];
    const unknown = fresh("unknown");
    const transactionalIds = [a.transactionalId, unknown, b.transactionalId];
    const { transactionStates } = await broker.ask("DescribeTransactions", { transactionalIds });
    const found = new Map<string, Value>(transactionStates.map((each: Value) => [each.transactionalId, each]));
    assert.deepEqual(found.get(a.transactionalId), {
      errorCode: 0,
      transactionalId: a.transactionalId,
      transactionState: "Empty",
      transactionTimeoutMs: 30_000,
      transactionStartTimeMs: -1,
      producerId: a.producerId,
      producerEpoch: 0,
      topics: [],
    });
    assert.equal(found.get(b.transactionalId).transactionTimeoutMs, 60_000);
    refused(found.get(unknown), "TRANSACTIONAL_ID_NOT_FOUND");
  });

  test("from Empty over Ongoing to CompleteCommit, and to CompleteAbort", async () => {
    const producer = await Producer.of();
    for (const [committed, end] of [
      [true, "CompleteCommit"],
      [false, "CompleteAbort"],
    ] as const) {
      accepted(await producer.produce(topic, "x"));
      const open = await producer.describe();
      assert.deepEqual([open.transactionState, open.topics], ["Ongoing", [{ topic: topic.name, partitions: [0] }]]);
      accepted(await producer.end(committed));
      const done = await producer.untilState(end);
      assert.deepEqual(done.topics, []);
      assert.equal(done.producerEpoch, producer.producerEpoch);
    }
  });
});

suite("ListTransactions", { concurrency: true }, () => {
  test("all that are known, in every version", async () => {
    const [idle, open, done] = [await Producer.of(), await Producer.of(), await Producer.of()];
    accepted(await open.produce(topic, "x"));
    accepted(await done.produce(topic, "x"));
    accepted(await done.end(true));
    await done.untilState("CompleteCommit");
    for (const version of [0, 1, 2]) {
      assert.deepEqual(await statesOf([idle, open, done], {}, version), ["Empty", "Ongoing", "CompleteCommit"]);
    }
    accepted(await open.end(false));
  });

  test("filters by state; a state that there is not is named", async () => {
    const [idle, open] = [await Producer.of(), await Producer.of()];
    accepted(await open.produce(topic, "x"));
    assert.deepEqual(await statesOf([idle, open], { stateFilters: ["Ongoing"] }), [undefined, "Ongoing"]);
    assert.deepEqual(await statesOf([idle, open], { stateFilters: ["Empty", "Ongoing"] }), ["Empty", "Ongoing"]);
    const { unknownStateFilters, transactionStates } = await list({ stateFilters: ["Nonsense"] });
    assert.deepEqual(unknownStateFilters, ["Nonsense"]);
    assert.deepEqual(transactionStates, []);
    const lower = await list({ stateFilters: ["ongoing"] });
    assert.deepEqual(lower.unknownStateFilters, ["ongoing"]);
    accepted(await open.end(false));
  });

  test("filters by producer, by duration and by a pattern of the whole id", async () => {
    const [a, b] = [await Producer.of(), await Producer.of()];
    accepted(await a.produce(topic, "x"));
    const { producerId } = a;
    assert.deepEqual(await statesOf([a, b], { producerIdFilters: [producerId] }), ["Ongoing", undefined]);
    assert.deepEqual(await statesOf([a, b], { durationFilter: 600_000 }), [undefined, "Empty"]); // it began at -1
    await until("the transaction is a while old", async () => {
      const [found, idle] = await statesOf([a, b], { durationFilter: 50 });
      assert.equal(idle, "Empty");
      return found === "Ongoing";
    });
    assert.deepEqual(await statesOf([a, b], { transactionalIdPattern: `${a.transactionalId.slice(0, -2)}.*` }), [
      "Ongoing",
      undefined,
    ]);
    assert.deepEqual(await statesOf([a], { transactionalIdPattern: a.transactionalId.slice(0, -2) }), [undefined]);
    assert.deepEqual(await statesOf([a, b], { transactionalIdPattern: "" }), ["Ongoing", "Empty"]);
    accepted(await a.end(false));
  });

  test("a pattern that is none", async () => {
    const body = { stateFilters: [], producerIdFilters: [], transactionalIdPattern: "(" };
    refused(await broker.ask("ListTransactions", body), "INVALID_REGULAR_EXPRESSION");
  });
});
