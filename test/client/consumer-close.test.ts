import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { RequestTimeoutError } from "../../src/client/errors.ts";
import { until } from "../interop/support/until.ts";
import { startTestBroker, unique } from "./broker.ts";
import { reading, take, testClient } from "./support/consumers.ts";

const client = testClient(await startTestBroker());

async function groupState(groupId: string): Promise<string | undefined> {
  const [described] = await client.admin.describeGroups([groupId]);
  return described?.state;
}

suite("rule 50: close", () => {
  test("waits for handlers until its time is over, tells them, says so, and leaves its group", async () => {
    const topic = await client.topic(["a", "b"]);
    const groupId = unique("billing");
    const consumer = client.consumer(groupId);
    await consumer.subscribe(topic);
    const begun = Promise.withResolvers<AbortSignal>();
    const end = Promise.withResolvers<void>();
    const running = consumer.run({
      eachRecord: async (_, { signal }) => {
        begun.resolve(signal);
        await end.promise;
      },
    });
    const signal = await begun.promise;
    await assert.rejects(consumer.close({ timeoutMs: 50 }), RequestTimeoutError);
    assert.equal(signal.aborted, true);
    await until("it has left", async () => (await groupState(groupId)) === "Empty");
    assert.equal(await client.committed(groupId, topic), undefined, "the record was not processed");
    end.resolve();
    await running;
  });

  test("waits for handlers without a group, too, and commits what is processed", async () => {
    const topic = await client.topic(["a"]);
    const groupId = unique("billing");
    const consumer = client.consumer(groupId);
    await consumer.assign([{ topic, partition: 0 }]);
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const running = consumer.run({
      eachRecord: async () => {
        begun.resolve();
        await end.promise;
      },
    });
    await begun.promise;
    const closed = consumer.close();
    end.resolve();
    await closed;
    await running;
    assert.equal(await client.committed(groupId, topic), 1);
  });

  test("rejects with what onPartitionsRevoked throws, and has left the group", async () => {
    const topic = await client.topic(["a"]);
    const groupId = unique("billing");
    const consumer = client.consumer(groupId, {
      onPartitionsRevoked: async () => {
        throw new Error("cannot flush");
      },
    });
    await consumer.subscribe(topic);
    await take(consumer, 1);
    await assert.rejects(consumer.close(), /cannot flush/);
    assert.equal(await groupState(groupId), "Empty");
  });

  test("a static member stays and a dynamic one leaves, unless told otherwise", async () => {
    const topic = await client.topic(["a"]);
    const states: (string | undefined)[] = [];
    for (const groupInstanceId of ["billing-0", undefined]) {
      for (const membership of ["leave", "remain", "default"] as const) {
        const groupId = unique("billing");
        const consumer = client.consumer(groupId, { groupInstanceId });
        await consumer.subscribe(topic);
        await take(consumer, 1);
        await consumer.close({ membership });
        states.push(await groupState(groupId));
      }
    }
    assert.deepEqual(states, ["Empty", "Stable", "Stable", "Empty", "Stable", "Empty"]);
  });

  test("comes by itself at the end of an await using block, and twice is once", async () => {
    const topic = await client.topic(["a"]);
    const groupId = unique("billing");
    {
      await using consumer = client.consumer(groupId);
      await consumer.subscribe(topic);
      await take(consumer, 1);
      assert.equal(await groupState(groupId), "Stable");
      void consumer.close();
    }
    assert.equal(await groupState(groupId), "Empty");
  });
});

suite("a signal", () => {
  test("ends a loop that waits, and one whose next record is asked for; the consumer goes on", async () => {
    const topic = await client.topic(["a", "b", "c"]);
    await using consumer = client.consumer(unique("billing"));
    await consumer.subscribe(topic);
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const { value } of consumer.records({ signal: abort.signal })) {
      seen.push(value!);
      if (value === "b") abort.abort();
    }
    assert.deepEqual(seen, ["a", "b"]);
    assert.deepEqual(await take(consumer, 1), ["c"]);
    const later = new AbortController();
    const waiting = consumer.batches({ signal: later.signal }).next();
    later.abort();
    assert.equal((await waiting).done, true);
    for await (const _ of consumer.batches({ signal: later.signal })) assert.fail("it was aborted before");
  });

  test("calls off what waits for a broker", async () => {
    const topic = await client.topic(["a"]);
    await using consumer = client.consumer(unique("billing"));
    await consumer.subscribe(topic);
    const { values } = reading(consumer);
    await until("it reads", () => values.length === 1);
    const options = { signal: AbortSignal.abort(new Error("enough")) };
    const first = { topic, partition: 0 };
    await assert.rejects(consumer.seek(first, "end", options), /enough/);
    await assert.rejects(consumer.position(first, options), /enough/);
    await assert.rejects(consumer.committed([first], options), /enough/);
    await assert.rejects(consumer.commit({ ...first, offset: 1 }, options), /enough/);
  });
});

test("rule 36: who closes between join and sync does not wait for a commit that cannot be done any more", async () => {
  const topic = await client.topic(["a"], ["b"]);
  const groupId = unique("billing");
  const first = client.consumer(groupId, { heartbeatIntervalMs: 50 });
  await first.subscribe(topic);
  const { values } = reading(first);
  await until("both are read", () => values.length === 2);
  const second = client.consumer(groupId, { heartbeatIntervalMs: 50 });
  await second.subscribe(topic);
  reading(second);
  await until("each has one", () => first.assignment().length === 1 && second.assignment().length === 1);
  for (const partition of [0, 1]) await client.produce(topic, partition, ["more"]);
  await until("more is read", () => values.length >= 3);
  const startedMs = performance.now();
  await second.close(); // the first joins again
  await first.close();
  assert.ok(performance.now() - startedMs < 10_000, "far less than a close may take, which is 30 s");
});
