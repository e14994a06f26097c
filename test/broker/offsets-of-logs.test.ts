import assert from "node:assert/strict";
import { test } from "node:test";
import { DeleteRecords } from "../../src/protocol/apis/delete-records.ts";
import { Fetch } from "../../src/protocol/apis/fetch.ts";
import { ListOffsets } from "../../src/protocol/apis/list-offsets.ts";
import { OffsetForLeaderEpoch } from "../../src/protocol/apis/offset-for-leader-epoch.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { type BrokerUnderTest, batchOf, createTopic, openCoordinator, startBroker } from "./harness.ts";

const latest = -1;
const earliest = -2;
const maxTimestamp = -3;
const earliestLocal = -4;
const latestTiered = -5;
const earliestPendingUpload = -6;
const nowhere = { errorCode: ErrorCode.NONE, timestamp: -1, offset: -1, leaderEpoch: -1 };

async function produce(under: BrokerUnderTest, timestamps: readonly number[], topic = "orders"): Promise<void> {
  const records = timestamps.map((timestamp) => ({ timestamp, key: null, value: Buffer.from("v") }));
  const topicData = [{ name: topic, partitionData: [{ index: 0, records: batchOf([], { records }) }] }];
  const request = { transactionalId: null, acks: -1, timeoutMs: 1000, topicData };
  const { responses } = await under.connect().ask(Produce, 9, request);
  assert.equal(responses[0]!.partitionResponses[0]!.errorCode, ErrorCode.NONE);
}

async function list(under: BrokerUnderTest, version: number, timestamp: number, more: object = {}) {
  const topics = [{ name: "orders", partitions: [{ partitionIndex: 0, timestamp, ...more }] }];
  const answer = await under.connect().ask(ListOffsets, version, { replicaId: -1, topics });
  const { errorCode, offset, leaderEpoch, timestamp: found } = answer.topics[0]!.partitions[0]!;
  return { errorCode, timestamp: found, offset, leaderEpoch };
}

test("ListOffsets finds the ends, the largest timestamp and the first record at or after a time", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const t = under.clock.now().wallMs;
  await produce(under, [t, t + 20]);
  await produce(under, [t + 10, t + 30, t + 25]);
  const found = (timestamp: number, offset: number) => ({
    errorCode: ErrorCode.NONE,
    timestamp,
    offset,
    leaderEpoch: 0,
  });
  assert.deepEqual(await list(under, 11, latest), found(-1, 5));
  assert.deepEqual(await list(under, 11, earliest), found(-1, 0));
  assert.deepEqual(await list(under, 11, earliestLocal), found(-1, 0));
  assert.deepEqual(await list(under, 11, maxTimestamp), found(t + 30, 3));
  assert.deepEqual(await list(under, 11, t + 1), found(t + 20, 1));
  assert.deepEqual(await list(under, 11, 0), found(t, 0));
  assert.deepEqual(await list(under, 11, t + 30), found(t + 30, 3));
  for (const timestamp of [latestTiered, earliestPendingUpload, t + 31, 2 ** 62]) {
    assert.deepEqual(await list(under, 11, timestamp), nowhere);
  }
});

test("ListOffsets of an empty log", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  for (const timestamp of [latest, earliest]) {
    assert.deepEqual(await list(under, 11, timestamp), { ...nowhere, offset: 0, leaderEpoch: 0 });
  }
  for (const timestamp of [maxTimestamp, 0]) assert.deepEqual(await list(under, 11, timestamp), nowhere);
});

test("ListOffsets refuses places that the version does not know, and tells the epoch from v4 on", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const since: [number, number][] = [
    [latest, 1],
    [earliest, 1],
    [maxTimestamp, 7],
    [earliestLocal, 8],
    [latestTiered, 9],
    [earliestPendingUpload, 11],
    [-7, 99],
  ];
  for (let version = 1; version <= 11; version++) {
    for (const [timestamp, first] of since) {
      const { errorCode, leaderEpoch } = await list(under, version, timestamp);
      assert.equal(errorCode, version < first ? ErrorCode.UNSUPPORTED_VERSION : ErrorCode.NONE);
      if (timestamp === latest) assert.equal(leaderEpoch, version < 4 ? -1 : 0);
    }
  }
});

test("ListOffsets refuses unknown partitions, stale epochs and what is asked twice", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  assert.equal((await list(under, 11, latest, { partitionIndex: 9 })).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal((await list(under, 11, latest, { currentLeaderEpoch: 9 })).errorCode, ErrorCode.UNKNOWN_LEADER_EPOCH);
  assert.equal((await list(under, 11, latest, { currentLeaderEpoch: 0 })).errorCode, ErrorCode.NONE);
  const twice = [latest, earliest].map((timestamp) => ({ partitionIndex: 0, timestamp }));
  const topics = [{ name: "orders", partitions: twice }];
  const { topics: answered } = await under.connect().ask(ListOffsets, 11, { replicaId: -1, topics });
  assert.deepEqual(
    answered[0]!.partitions.map(({ errorCode }) => errorCode),
    [ErrorCode.INVALID_REQUEST],
  );
});

test("OffsetForLeaderEpoch tells where an epoch ended (rule 52)", async () => {
  const first = await startBroker();
  await createTopic(first, "orders");
  await produce(first, [1, 2]);
  await first.broker.stop();
  const under = await startBroker({ log: first.log });
  await produce(under, [3]);
  const end = async (leaderEpoch: number, more: object = {}) => {
    const topics = [{ topic: "orders", partitions: [{ partition: 0, leaderEpoch, ...more }] }];
    const answer = await under.connect().ask(OffsetForLeaderEpoch, 4, { topics });
    const { errorCode, leaderEpoch: found, endOffset } = answer.topics[0]!.partitions[0]!;
    return [errorCode, found, endOffset];
  };
  assert.deepEqual(await end(0), [ErrorCode.NONE, 0, 2]);
  assert.deepEqual(await end(1), [ErrorCode.NONE, 1, 3]);
  for (const unknown of [-1, 2, 9]) assert.deepEqual(await end(unknown), [ErrorCode.NONE, -1, -1]);
  assert.deepEqual(await end(0, { currentLeaderEpoch: 0 }), [ErrorCode.FENCED_LEADER_EPOCH, -1, -1]);
  assert.deepEqual(await end(0, { currentLeaderEpoch: 7 }), [ErrorCode.UNKNOWN_LEADER_EPOCH, -1, -1]);
  assert.deepEqual(await end(0, { partition: 9 }), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, -1]);
});

async function deleteRecords(under: BrokerUnderTest, name: string, offset: number, partitionIndex = 0) {
  const topics = [{ name, partitions: [{ partitionIndex, offset }] }];
  const answer = await under.connect().ask(DeleteRecords, 2, { topics, timeoutMs: 1000 });
  const { errorCode, lowWatermark } = answer.topics[0]!.partitions[0]!;
  return [errorCode, lowWatermark];
}

test("DeleteRecords moves the start of the log (KIP-107)", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  await produce(under, [1, 2, 3]);
  assert.deepEqual(await deleteRecords(under, "orders", 2), [ErrorCode.NONE, 2]);
  assert.equal((await list(under, 11, earliest)).offset, 2);
  const partitions = [{ partition: 0, fetchOffset: 1, partitionMaxBytes: 100 }];
  const request = { maxWaitMs: 0, minBytes: 1, topics: [{ topic: "orders", partitions }] };
  const { responses } = await under.connect().ask(Fetch, 12, request);
  assert.equal(responses[0]!.partitions[0]!.errorCode, ErrorCode.OFFSET_OUT_OF_RANGE);
  assert.deepEqual(await deleteRecords(under, "orders", 1), [ErrorCode.NONE, 2]); // is gone already
  assert.deepEqual(await deleteRecords(under, "orders", -1), [ErrorCode.NONE, 3]); // up to the high watermark
});

test("DeleteRecords refuses offsets out of range, compacted, internal and unknown topics", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  await createTopic(under, "table", 1, { "cleanup.policy": "compact" });
  await openCoordinator(under.connect());
  assert.deepEqual(await deleteRecords(under, "orders", 1), [ErrorCode.OFFSET_OUT_OF_RANGE, -1]);
  assert.deepEqual(await deleteRecords(under, "orders", -2), [ErrorCode.OFFSET_OUT_OF_RANGE, -1]);
  assert.deepEqual(await deleteRecords(under, "orders", 0, 9), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1]);
  assert.deepEqual(await deleteRecords(under, "nope", 0), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1]);
  assert.deepEqual(await deleteRecords(under, "table", -1), [ErrorCode.POLICY_VIOLATION, -1]);
  assert.deepEqual(await deleteRecords(under, "__consumer_offsets", -1), [ErrorCode.INVALID_TOPIC_EXCEPTION, -1]);
});
