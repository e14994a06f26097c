import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { until } from "../interop/support/until.ts";
import { startTestBroker, unique } from "./broker.ts";
import { take, testClient } from "./support/consumers.ts";

const client = testClient(await startTestBroker());
const many = (prefix: string) => Array.from({ length: 20 }, (_, index) => `${prefix}${index}`);

suite("a run", () => {
  test("handles partitions at once, each in its order, and commits what is done", async () => {
    const topic = await client.topic(many("a"), many("b"), many("c"));
    const groupId = unique("billing");
    const consumer = client.consumer(groupId);
    await consumer.subscribe(topic);
    const seen: string[][] = [[], [], []];
    let atOnce = 0;
    let most = 0;
    const all = Promise.withResolvers<void>();
    const running = consumer.run({
      concurrency: 2,
      eachRecord: async ({ partition, value }) => {
        most = Math.max(most, ++atOnce);
        await new Promise(setImmediate);
        atOnce--;
        seen[partition]!.push(value!);
        if (seen.flat().length === 60) all.resolve();
      },
    });
    await all.promise;
    await consumer.close();
    await running;
    assert.deepEqual(seen, [many("a"), many("b"), many("c")]);
    assert.equal(most, 2);
    assert.equal(await client.committed(groupId, topic, 2), 20);
  });

  test("a handler that throws ends it; its record is handed out again", async () => {
    const topic = await client.topic(["a", "b", "c"]);
    const groupId = unique("billing");
    await using consumer = client.consumer(groupId);
    await consumer.subscribe(topic);
    const seen: string[] = [];
    const eachRecord = ({ value }: { value: string | null }) => {
      seen.push(value!);
      if (value === "b") throw new Error("cannot do b");
    };
    await assert.rejects(consumer.run({ eachRecord }), /cannot do b/);
    assert.deepEqual(seen, ["a", "b"]);
    assert.deepEqual(await take(consumer, 2), ["b", "c"]);
  });

  test("its signal ends it and tells the handler, which is awaited", async () => {
    const topic = await client.topic(["a", "b"]);
    const groupId = unique("billing");
    await using consumer = client.consumer(groupId);
    await consumer.subscribe(topic);
    const abort = new AbortController();
    const seen: string[] = [];
    await consumer.run({
      signal: abort.signal,
      eachRecord: async ({ value }, { signal }) => {
        abort.abort();
        await new Promise(setImmediate);
        seen.push(`${value} ${signal.aborted}`);
      },
    });
    assert.deepEqual(seen, ["a true"]);
    await consumer.commit();
    assert.equal(await client.committed(groupId, topic), 2 - 1);
  });

  test("a signal ends it while it waits for records", async () => {
    const topic = await client.topic([]);
    await using consumer = client.consumer(unique("billing"));
    await consumer.subscribe(topic);
    const abort = new AbortController();
    const running = consumer.run({ signal: abort.signal, eachRecord: () => assert.fail("there are no records") });
    await until("it has its partition", () => consumer.assignment().length === 1);
    abort.abort();
    await running;
  });

  test("takes batches, which are processed as a whole", async () => {
    const topic = await client.topic(many("a"));
    const groupId = unique("billing");
    const consumer = client.consumer(groupId, { maxPollRecords: 7 });
    await consumer.subscribe(topic);
    const sizes: number[] = [];
    const all = Promise.withResolvers<void>();
    const running = consumer.run({
      eachBatch: ({ records }) => {
        sizes.push(records.length);
        if (records.at(-1)!.offset === 19) all.resolve();
      },
    });
    await all.promise;
    await consumer.close();
    await running;
    assert.deepEqual(sizes, [7, 7, 6]);
    assert.equal(await client.committed(groupId, topic), 20);
  });

  test("a loop beside it is refused", async () => {
    const topic = await client.topic(["a"]);
    await using consumer = client.consumer(unique("billing"));
    await consumer.subscribe(topic);
    const abort = new AbortController();
    const running = consumer.run({
      signal: abort.signal,
      eachRecord: async () => {
        await assert.rejects(take(consumer, 1), { code: "INVALID_STATE" });
        abort.abort();
      },
    });
    await running;
  });

  test("a second run is refused, and the first still commits only what is processed", async () => {
    const topic = await client.topic(["a", "b"]);
    const groupId = unique("billing");
    await using consumer = client.consumer(groupId, { enableAutoCommit: false });
    await consumer.subscribe(topic);
    const abort = new AbortController();
    await consumer.run({
      signal: abort.signal,
      eachRecord: async ({ value }) => {
        if (value !== "b") return;
        await assert.rejects(consumer.run({ eachRecord: () => {} }), { code: "INVALID_STATE" });
        await consumer.commit();
        abort.abort();
      },
    });
    assert.equal(await client.committed(groupId, topic), 1);
  });

  test("what cannot run is refused", async () => {
    await using consumer = client.consumer(unique("billing"));
    for (const concurrency of [0, -1, 1.5, Number.NaN]) {
      await assert.rejects(consumer.run({ concurrency, eachRecord: () => {} }), { code: "INVALID_CONFIG_VALUE" });
    }
    await assert.rejects(consumer.run({} as never), /one handler/);
  });

  test("rule 49: a handler that takes longer than max.poll.interval.ms is told; its record comes again", async () => {
    const topic = await client.topic(["a"]);
    await using consumer = client.consumer(unique("billing"), { heartbeatIntervalMs: 50, maxPollIntervalMs: 150 });
    await consumer.subscribe(topic);
    const done = new AbortController();
    const seen: string[] = [];
    await consumer.run({
      signal: done.signal,
      eachRecord: async ({ value }, { signal }) => {
        seen.push(value!);
        if (seen.length === 2) return done.abort();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    });
    assert.deepEqual(seen, ["a", "a"]);
  });

  test("a handler that a revocation waits for is told, too, when the membership ends meanwhile", async () => {
    const topic = await client.topic(["a"], ["b"]);
    const groupId = unique("billing");
    const config = { heartbeatIntervalMs: 50 };
    await using first = client.consumer(groupId, { ...config, maxPollIntervalMs: 2000 });
    await first.subscribe(topic);
    const begun = Promise.withResolvers<void>();
    const aborted: string[] = [];
    const running = first.run({
      concurrency: 2,
      eachRecord: async ({ value }, { signal }) => {
        if (first.assignment().length === 2) begun.resolve();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        aborted.push(value!);
      },
    });
    await begun.promise;
    await using second = client.consumer(groupId, config);
    await second.subscribe(topic);
    const abort = new AbortController();
    const reading = second.run({ signal: abort.signal, eachRecord: () => undefined });
    await until("both handlers were told", () => aborted.length >= 2);
    abort.abort();
    await first.close({ timeoutMs: 1 }).catch(() => undefined);
    await Promise.all([running, reading]);
  });

  test("a handler that goes on from record to record may take longer in all", async () => {
    const topic = await client.topic(many("a"));
    const groupId = unique("billing");
    const lost: unknown[] = [];
    const consumer = client.consumer(groupId, {
      maxPollIntervalMs: 400,
      onPartitionsLost: (partitions) => void lost.push(...partitions),
    });
    await consumer.subscribe(topic);
    const started = performance.now();
    const done = new AbortController();
    await consumer.run({
      signal: done.signal,
      eachRecord: async ({ offset }) => {
        const begun = performance.now();
        await until("it has taken a while", () => performance.now() - begun >= 15);
        if (offset === 9) done.abort();
      },
    });
    assert.ok(performance.now() - started > 400);
    assert.deepEqual(lost, []);
    await consumer.close();
  });
});
