import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Kafka } from "../../src/client/kafka.ts";
import { startTestBroker, unique } from "../client/broker.ts";
import { on } from "./run-regroup.ts";

const bootstrapServers = await startTestBroker();
const run = on(bootstrapServers);
const kafka = new Kafka({ bootstrapServers });

async function json(...args: string[]) {
  return JSON.parse((await run(0, ["transactions", ...args, "-o", "json"])).stdout);
}

async function newTopic(): Promise<string> {
  const topic = unique("orders");
  await run(0, ["topics", "create", topic, "-p", "2"]);
  return topic;
}

/** A producer that has a transaction open, which is aborted when the test ends. */
async function withOpen(work: (open: { topic: string; transactionalId: string }) => Promise<void>): Promise<void> {
  const [topic, transactionalId] = [await newTopic(), unique("transfers")];
  await using producer = kafka.producer({ transactionalId });
  const tx = await producer.beginTransaction();
  await tx.send({ topic, value: "a", partition: 1, timestamp: 1000 });
  await work({ topic, transactionalId });
}

suite("regroup transactions", () => {
  test("list shows ids, coordinators, producers and states, in every format", () =>
    withOpen(async ({ transactionalId }) => {
      const [listed, ...others] = await json("list", "--match", transactionalId);
      assert.deepEqual(others, []);
      const { producerId, coordinator, ...rest } = listed;
      assert.deepEqual(rest, { transactionalId, coordinatorId: 1, state: "Ongoing" });
      assert.equal(coordinator, bootstrapServers);
      const { stdout } = await run(0, ["transactions", "list"]);
      assert.match(stdout, /^TRANSACTIONAL-ID +COORDINATOR +COORDINATOR-ID +PRODUCER-ID +STATE$/m);
      assert.match(stdout, new RegExp(`^${transactionalId} +${bootstrapServers} +1 +${producerId} +Ongoing$`, "m"));
      const csv = (await run(0, ["transactions", "list", "--match", transactionalId, "-o", "csv"])).stdout;
      assert.equal(csv.split("\n")[1], `${transactionalId},${bootstrapServers},1,${producerId},Ongoing`);
      const yaml = (await run(0, ["transactions", "list", "--match", transactionalId, "-o", "yaml"])).stdout;
      assert.match(yaml, /state: Ongoing/);
    }));

  test("list takes filters by state, producer and age", () =>
    withOpen(async ({ transactionalId }) => {
      const ids = async (...filters: string[]) =>
        (await json("list", "--match", transactionalId, ...filters)).map((each: { transactionalId: string }) => {
          return each.transactionalId;
        });
      const [{ producerId }] = await json("list", "--match", transactionalId);
      assert.deepEqual(await ids("--state", "ongoing"), [transactionalId]);
      assert.deepEqual(await ids("--state", "Empty,CompleteCommit"), []);
      assert.deepEqual(await ids("--producer-id", `${producerId}`), [transactionalId]);
      assert.deepEqual(await ids("--producer-id", `${producerId + 1}`), []);
      assert.deepEqual(await ids("--longer-than", "1h"), []);
      assert.deepEqual(await ids("--longer-than", "0s"), [transactionalId]);
      const none = await run(0, ["transactions", "list", "--match", "no-such"]);
      assert.deepEqual([none.stdout, none.stderr], ["", "There are no such transactions.\n"]);
      assert.match((await run(2, ["transactions", "list", "--state", "open"])).stderr, /--state open: expected one/);
      assert.match((await run(2, ["transactions", "list", "--longer-than", "long"])).stderr, /expected 90s, 10m/);
    }));

  test("describe shows what is open and where, and tells what it does not find", () =>
    withOpen(async ({ topic, transactionalId }) => {
      const [described] = await json("describe", transactionalId);
      const { producerId, producerEpoch, startTime, durationMs, ...rest } = described;
      assert.deepEqual(rest, {
        transactionalId,
        state: "Ongoing",
        coordinatorId: 1,
        timeoutMs: 60_000,
        partitions: [{ topic, partition: 1 }],
      });
      assert.ok(producerId >= 0 && producerEpoch >= 0 && durationMs >= 0 && Date.parse(startTime) > 0);
      const unknown = unique("unknown");
      const { stdout, stderr } = await run(1, ["transactions", "describe", transactionalId, unknown]);
      assert.match(stdout, new RegExp(`^${transactionalId} +Ongoing .* ${topic}:1$`, "m"));
      assert.match(stderr, new RegExp(`^regroup: transactional.id ${unknown}: TRANSACTIONAL_ID_NOT_FOUND`));
      await run(2, ["transactions", "describe"]);
    }));

  test("producers shows what partitions remember", () =>
    withOpen(async ({ topic }) => {
      const [only, ...others] = await json("producers", topic);
      assert.deepEqual(others, []);
      assert.deepEqual([only.topic, only.partition, only.lastSequence, only.startOffset], [topic, 1, 0, 0]);
      assert.equal(only.lastTimestamp, "1970-01-01T00:00:01.000Z");
      assert.deepEqual(await json("producers", topic, "-p", "0"), []);
      assert.match(
        (await run(1, ["transactions", "producers", topic, "-p", "7"])).stderr,
        /UNKNOWN_TOPIC_OR_PARTITION/,
      );
      await run(2, ["transactions", "producers", topic, topic, "-p", "0"]);
    }));

  test("fence ends producers, and what they have open", () =>
    withOpen(async ({ transactionalId }) => {
      const [before] = await json("describe", transactionalId);
      const [fenced] = await json("fence", transactionalId);
      const { producerId } = before;
      assert.deepEqual([fenced.transactionalId, fenced.producerId], [transactionalId, producerId]);
      assert.ok(fenced.producerEpoch > before.producerEpoch);
      const [after] = await json("describe", transactionalId);
      assert.deepEqual([after.state, after.partitions], ["Empty", []]);
    }));

  test("fence refuses ids that nobody knows, and does not make them; the others are fenced", () =>
    withOpen(async ({ transactionalId }) => {
      const unknown = unique("unknown");
      const { stdout, stderr } = await run(1, ["transactions", "fence", transactionalId, unknown]);
      assert.match(stdout, new RegExp(`^${transactionalId} `, "m"));
      assert.match(stderr, new RegExp(`${unknown}: TRANSACTIONAL_ID_NOT_FOUND`));
      assert.deepEqual(await json("list", "--match", unknown), []);
      assert.equal((await json("describe", transactionalId))[0].state, "Empty");
    }));

  test("a broker that is not there is named, and numbers that no broker takes are refused", () =>
    withOpen(async ({ topic }) => {
      for (const asked of [["producers", topic], ["find-hanging"], ["find-hanging", topic, "-p", "0"]]) {
        const refused = await run(1, ["transactions", ...asked, "--broker-id", "99"]);
        assert.match(refused.stderr, /there is no broker 99, only 1/);
      }
      const abort = ["transactions", "abort", topic, "--producer-id", "7", "--coordinator-epoch", "0"];
      const epoch = await run(2, [...abort, "-p", "0", "--producer-epoch", "32768"]);
      assert.match(epoch.stderr, /--producer-epoch 32768: expected an integer, from 0 to 32767/);
      await run(2, [...abort, "-p", "2147483648", "--producer-epoch", "0"]);
      await run(1, [...abort, "-p", "2147483647", "--producer-epoch", "0"]);
    }));

  test("find-hanging leaves alone what a coordinator knows of, and abort finds nothing elsewhere", () =>
    withOpen(async ({ topic }) => {
      const found = await run(0, ["transactions", "find-hanging", topic, "--longer-than", "1s"]);
      assert.deepEqual([found.stdout, found.stderr], ["", "No transaction hangs.\n"]);
      const nowhere = await run(1, ["transactions", "abort", topic, "-p", "1", "--start-offset", "7"]);
      assert.match(nowhere.stderr, /no open transaction begins at 7/);
    }));

  test("abort refuses what a coordinator knows of, unless it is forced", () =>
    withOpen(async ({ topic }) => {
      const known = ["transactions", "abort", topic, "-p", "1", "--start-offset", "0"];
      const refused = await run(1, known);
      assert.match(
        refused.stderr,
        /its coordinator knows the transaction .*`regroup transactions list --producer-id \d+/,
      );
      assert.equal((await json("producers", topic))[0].startOffset, 0);
      const abort = [...known, "--force"];
      assert.match((await run(0, [...abort, "--dry-run"])).stderr, /nothing was aborted/);
      assert.equal((await json("producers", topic))[0].startOffset, 0);
      await run(0, abort);
      assert.equal((await json("producers", topic))[0].startOffset, null);
      await run(1, abort);
    }));
});
