import assert from "node:assert/strict";
import { test } from "node:test";
import { DeleteTopics } from "../../src/protocol/apis/delete-topics.ts";
import { Fetch } from "../../src/protocol/apis/fetch.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import type { RequestInput, ResponseOf } from "../../src/protocol/schema.ts";
import { settle } from "../support/virtual-clock.ts";
import { type BrokerUnderTest, batchOf, createTopic, isParked, startBroker, valuesOf } from "./harness.ts";

type FetchRequest = RequestInput<typeof Fetch>;
type AskedPartition = FetchRequest["topics"][number]["partitions"][number];

interface Asked extends Partial<FetchRequest> {
  readonly topicId?: string;
  readonly partitions?: readonly Partial<AskedPartition>[];
}

function fetchOf({ topicId, partitions = [{}], ...more }: Asked = {}): FetchRequest {
  const asked = partitions.map((partition) => ({
    partition: 0,
    fetchOffset: 0,
    partitionMaxBytes: 1_000_000,
    ...partition,
  }));
  return { maxWaitMs: 0, minBytes: 1, topics: [{ topic: "orders", topicId, partitions: asked }], ...more };
}

async function produce(under: BrokerUnderTest, values: readonly string[], index = 0): Promise<void> {
  const partitionData = [{ index, records: batchOf(values) }];
  const { responses } = await under.connect().ask(Produce, 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: "orders", partitionData }],
  });
  assert.equal(responses[0]!.partitionResponses[0]!.errorCode, ErrorCode.NONE);
}

function partitionsOf(response: ResponseOf<typeof Fetch>) {
  return response.responses.flatMap((topic) => topic.partitions);
}

/** The answer for the one partition of the request. */
async function fetchOne(under: BrokerUnderTest, version: number, asked: Asked = {}) {
  const partitions = partitionsOf(await under.connect().ask(Fetch, version, fetchOf(asked)));
  assert.equal(partitions.length, 1);
  return partitions[0]!;
}

test("records come back in every version of Fetch, with the offsets around them", async () => {
  const under = await startBroker();
  const topicId = await createTopic(under, "orders");
  await produce(under, ["a", "b"]);
  await produce(under, ["c"]);
  for (let version = 4; version <= 18; version++) {
    const { responses } = await under
      .connect()
      .ask(Fetch, version, fetchOf({ topicId, partitions: [{ fetchOffset: 1 }] }));
    assert.equal(version < 13 ? responses[0]!.topic : responses[0]!.topicId, version < 13 ? "orders" : topicId);
    const partition = responses[0]!.partitions[0]!;
    // The batch that holds the offset comes whole: consumers skip what lies before it.
    assert.deepEqual(valuesOf(partition.records), ["a", "b", "c"]);
    assert.equal(partition.errorCode, ErrorCode.NONE);
    assert.equal(partition.highWatermark, 3);
    assert.equal(partition.lastStableOffset, 3);
    assert.equal(partition.logStartOffset, version < 5 ? -1 : 0);
    assert.equal(partition.abortedTransactions, null);
  }
});

test("read_committed is told that no transaction was aborted", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  await produce(under, ["a"]);
  const { abortedTransactions, records } = await fetchOne(under, 12, { isolationLevel: 1 });
  assert.deepEqual(abortedTransactions, []);
  assert.deepEqual(valuesOf(records), ["a"]);
});

test("the end of the log is empty, beyond it and before its start is OFFSET_OUT_OF_RANGE", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  await produce(under, ["a"]);
  const end = await fetchOne(under, 12, { partitions: [{ fetchOffset: 1 }] });
  assert.deepEqual([end.errorCode, end.highWatermark, end.records?.length], [ErrorCode.NONE, 1, 0]);
  for (const fetchOffset of [2, -1, 2 ** 62]) {
    const outside = await fetchOne(under, 12, { partitions: [{ fetchOffset }] });
    assert.equal(outside.errorCode, ErrorCode.OFFSET_OUT_OF_RANGE);
    assert.deepEqual([outside.highWatermark, outside.lastStableOffset, outside.logStartOffset], [-1, -1, -1]);
    assert.equal(outside.abortedTransactions, null);
  }
});

test("unknown topics, partitions and topic ids are told behind what is known", async () => {
  const under = await startBroker();
  const topicId = await createTopic(under, "orders");
  const both = await under.connect().ask(Fetch, 12, fetchOf({ partitions: [{ partition: 9 }, { partition: 0 }] }));
  assert.deepEqual(
    partitionsOf(both).map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode]),
    [
      [0, ErrorCode.NONE],
      [9, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ],
  );
  assert.equal(
    (await fetchOne(under, 13, { topicId: "EREREREREREREREREREREQ" })).errorCode,
    ErrorCode.UNKNOWN_TOPIC_ID,
  );
  assert.equal((await fetchOne(under, 13, {})).errorCode, ErrorCode.UNKNOWN_TOPIC_ID);
  assert.equal((await fetchOne(under, 13, { topicId })).errorCode, ErrorCode.NONE);
});

test("another idea of the leader epoch is fenced (KIP-320), v16 is told the leader (KIP-951)", async () => {
  const first = await startBroker();
  const topicId = await createTopic(first, "orders");
  await first.broker.stop();
  const under = await startBroker({ log: first.log });
  const at = (currentLeaderEpoch: number) => ({ topicId, partitions: [{ currentLeaderEpoch }] });
  assert.equal((await fetchOne(under, 12, at(1))).errorCode, ErrorCode.NONE);
  assert.equal((await fetchOne(under, 12, at(7))).errorCode, ErrorCode.UNKNOWN_LEADER_EPOCH);
  assert.equal((await fetchOne(under, 12, at(0))).errorCode, ErrorCode.FENCED_LEADER_EPOCH);
  const { responses, nodeEndpoints } = await under.connect().ask(Fetch, 16, fetchOf(at(0)));
  assert.deepEqual(responses[0]!.partitions[0]!.currentLeader, { leaderId: 1, leaderEpoch: 1 });
  assert.deepEqual(nodeEndpoints, [{ nodeId: 1, host: "broker.test", port: 9092, rack: null }]);
});

test("who fetched under an epoch that ended earlier is told where (KIP-595)", async () => {
  const first = await startBroker();
  await createTopic(first, "orders");
  await produce(first, ["a", "b"]);
  await first.broker.stop();
  const under = await startBroker({ log: first.log });
  await produce(under, ["c"]);
  const at = (fetchOffset: number, lastFetchedEpoch: number) => ({ partitions: [{ fetchOffset, lastFetchedEpoch }] });
  const diverging = await fetchOne(under, 12, at(3, 0));
  assert.deepEqual(diverging.divergingEpoch, { epoch: 0, endOffset: 2 });
  assert.equal(diverging.records?.length, 0);
  assert.deepEqual(valuesOf((await fetchOne(under, 12, at(2, 0))).records), ["c"]);
  assert.equal((await fetchOne(under, 12, at(2, 9))).errorCode, ErrorCode.OFFSET_OUT_OF_RANGE);
});

test("no broker is a replica of this one", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const asFollower = (currentLeaderEpoch: number) => ({ replicaId: 5, partitions: [{ currentLeaderEpoch }] });
  assert.equal((await fetchOne(under, 12, asFollower(-1))).errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER);
  assert.equal((await fetchOne(under, 12, asFollower(0))).errorCode, ErrorCode.UNKNOWN_LEADER_EPOCH);
});

test("max bytes hold for partition and request, but the first batch comes whole (KIP-74)", async () => {
  const under = await startBroker();
  await createTopic(under, "orders", 3);
  for (const index of [0, 1, 2]) for (const value of ["a", "b"]) await produce(under, [value], index);
  const size = batchOf(["a"]).length;
  const fetched = async (asked: Asked) => {
    const response = await under.connect().ask(Fetch, 12, fetchOf(asked));
    return partitionsOf(response).map(({ records }) => valuesOf(records).join(""));
  };
  const all = [{ partition: 0 }, { partition: 1 }, { partition: 2 }];
  assert.deepEqual(await fetched({ partitions: all }), ["ab", "ab", "ab"]);
  assert.deepEqual(await fetched({ partitions: all, maxBytes: 1 }), ["a", "", ""]);
  assert.deepEqual(await fetched({ partitions: all, maxBytes: 3 * size }), ["ab", "a", ""]);
  const narrow = all.map((partition) => ({ ...partition, partitionMaxBytes: size }));
  assert.deepEqual(await fetched({ partitions: narrow }), ["a", "a", "a"]);
  const tiny = all.map((partition) => ({ ...partition, partitionMaxBytes: 0 }));
  assert.deepEqual(await fetched({ partitions: tiny }), ["a", "", ""]);
});

test("a fetch waits for data, and is woken by it", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const waiting = under.connect().ask(Fetch, 12, fetchOf({ maxWaitMs: 500 }));
  assert.equal(await isParked(waiting), true);
  await produce(under, ["a"]);
  assert.deepEqual(valuesOf(partitionsOf(await waiting)[0]!.records), ["a"]);
});

test("a fetch waits for min.bytes, over all its partitions together", async () => {
  const under = await startBroker();
  await createTopic(under, "orders", 2);
  const minBytes = 2 * batchOf(["a"]).length;
  const partitions = [{ partition: 0 }, { partition: 1 }];
  const waiting = under.connect().ask(Fetch, 12, fetchOf({ maxWaitMs: 500, minBytes, partitions }));
  await produce(under, ["a"], 0);
  assert.equal(await isParked(waiting), true);
  await produce(under, ["b"], 1);
  assert.deepEqual(
    partitionsOf(await waiting).map(({ records }) => valuesOf(records)),
    [["a"], ["b"]],
  );
});

test("a fetch waits at most max.wait, then answers what there is", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  await produce(under, ["a"]);
  const waiting = under.connect().ask(Fetch, 12, fetchOf({ maxWaitMs: 500, minBytes: 10_000 }));
  await under.clock.advance(499);
  assert.equal(await isParked(waiting), true);
  await under.clock.advance(1);
  assert.deepEqual(valuesOf(partitionsOf(await waiting)[0]!.records), ["a"]);
});

test("nothing is waited for with min.bytes 0, without a known partition, or with an error", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const asks: Asked[] = [
    { minBytes: 0 },
    { topics: [] },
    { partitions: [{ partition: 9 }] },
    { partitions: [{ partition: 0 }, { partition: 0, fetchOffset: 4 }] },
  ];
  for (const asked of asks) {
    const answer = under.connect().ask(Fetch, 12, fetchOf({ maxWaitMs: 500, ...asked }));
    assert.equal(await isParked(answer), false);
  }
});

test("a topic that is deleted ends the waits for it", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const waiting = under.connect().ask(Fetch, 12, fetchOf({ maxWaitMs: 60_000 }));
  assert.equal(await isParked(waiting), true);
  await under.connect().ask(DeleteTopics, 5, { topicNames: ["orders"], timeoutMs: 1000 });
  await settle();
  assert.equal(partitionsOf(await waiting)[0]!.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
});

test("a client that goes away takes its wait with it", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const alarmsBefore = under.clock.pendingAlarms;
  const client = under.connect();
  client.send(Fetch, 12, fetchOf({ maxWaitMs: 60_000 }));
  await settle();
  assert.equal(under.clock.pendingAlarms, alarmsBefore + 1);
  client.leave();
  await settle();
  assert.equal(under.clock.pendingAlarms, alarmsBefore);
});

test("a broker that stops answers what waits", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const waiting = under.connect().ask(Fetch, 12, fetchOf({ maxWaitMs: 60_000 }));
  assert.equal(await isParked(waiting), true);
  await under.broker.stop();
  assert.equal(await isParked(waiting), false);
});

test("a wait holds back what its connection asks next (rule 58)", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const client = under.connect();
  const order: string[] = [];
  const waiting = client.ask(Fetch, 12, fetchOf({ maxWaitMs: 500 })).then(() => order.push("fetch"));
  const behind = client.ask(Fetch, 12, fetchOf()).then(() => order.push("behind"));
  assert.equal(await isParked(behind), true);
  await under.clock.advance(500);
  await Promise.all([waiting, behind]);
  assert.deepEqual(order, ["fetch", "behind"]);
});
