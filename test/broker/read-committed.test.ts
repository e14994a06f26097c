import assert from "node:assert/strict";
import { test } from "node:test";
import { DescribeProducers } from "../../src/protocol/apis/describe-producers.ts";
import { Fetch } from "../../src/protocol/apis/fetch.ts";
import { ListOffsets } from "../../src/protocol/apis/list-offsets.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { encodeControlBatch, type NewBatch } from "../../src/protocol/records/batch.ts";
import { type BrokerUnderTest, batchOf, createTopic, isParked, startBroker, valuesOf } from "./harness.ts";

/** A partition whose transactions the test writes as Produce and WriteTxnMarkers would. */
async function startPartition() {
  const under = await startBroker();
  await createTopic(under, "orders");
  const found = under.broker.services.partition("orders", 0);
  assert.ok(found.ok);
  const { log, leaderEpoch } = found.partition;
  const options = () => ({ leaderEpoch, wallMs: under.clock.now().wallMs });
  const append = async (bytes: Uint8Array, more: object) => {
    const result = log.append(bytes, { ...options(), ...more });
    assert.ok(result.ok);
    await result.durable;
  };
  const begin = (producerId: number, values: readonly string[], more: Partial<NewBatch> = {}) => {
    const start = { producerId, producerEpoch: 0, baseSequence: 0 };
    const started = log.startVerification(start, true, 1);
    const verification = started.kind === "needed" ? started.verification : undefined;
    return append(batchOf(values, { ...start, transactional: true, ...more }), { verification });
  };
  const end = (producerId: number, type: "COMMIT" | "ABORT") => {
    const marker = { type, producerId, producerEpoch: 0, coordinatorEpoch: 4, timestamp: under.clock.now().wallMs };
    return append(encodeControlBatch(marker, under.broker.services.platform), { internal: true });
  };
  return { under, log, begin, end, plain: (values: readonly string[]) => append(batchOf(values), {}) };
}

function fetchOf(fetchOffset: number, more: object = {}) {
  const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }];
  return { maxWaitMs: 0, minBytes: 1, isolationLevel: 1, topics: [{ topic: "orders", partitions }], ...more };
}

async function fetchOne(under: BrokerUnderTest, fetchOffset: number, more: object = {}) {
  const { responses } = await under.connect().ask(Fetch, 12, fetchOf(fetchOffset, more));
  const { records, abortedTransactions, highWatermark, lastStableOffset } = responses[0]!.partitions[0]!;
  return { values: valuesOf(records), abortedTransactions, highWatermark, lastStableOffset };
}

test("read_committed ends at the last stable offset, and is told what was aborted", async () => {
  const { under, begin, end, plain } = await startPartition();
  await plain(["a"]);
  await begin(7, ["b"]);
  await end(7, "ABORT");
  await begin(8, ["c"]);
  await plain(["d"]);
  const aborted = [{ producerId: 7, firstOffset: 1 }];
  const offsets = { highWatermark: 5, lastStableOffset: 3 };
  const first = await fetchOne(under, 0);
  assert.deepEqual(first.values.slice(0, 2), ["a", "b"]);
  assert.deepEqual({ ...first, values: [] }, { values: [], abortedTransactions: aborted, ...offsets });
  assert.deepEqual(await fetchOne(under, 3), { values: [], abortedTransactions: [], ...offsets });
  const all = await fetchOne(under, 0, { isolationLevel: 0 });
  assert.deepEqual([all.values.length, all.abortedTransactions], [5, null]);
  await end(8, "COMMIT");
  const rest = await fetchOne(under, 3);
  assert.deepEqual([rest.values.slice(0, 2), rest.abortedTransactions, rest.lastStableOffset], [["c", "d"], [], 6]);
});

test("records whose aborts were forgotten while they were read are not told as committed", async () => {
  const { under, log, begin, end, plain } = await startPartition();
  await begin(7, ["a"]);
  await end(7, "ABORT");
  await plain(["b"]);
  const read = log.read.bind(log);
  log.read = async (offset, options) => {
    const result = await read(offset, options);
    await log.deleteBefore(2); // by retention, or by a client
    return result;
  };
  const { responses } = await under.connect().ask(Fetch, 12, fetchOf(0));
  const { errorCode, records } = responses[0]!.partitions[0]!;
  assert.deepEqual([errorCode, valuesOf(records)], [ErrorCode.OFFSET_OUT_OF_RANGE, []]);
  assert.deepEqual((await fetchOne(under, 2)).values, ["b"]);
});

test("a fetch of committed records sleeps through open ones and wakes with their end", async () => {
  const { under, begin, end } = await startPartition();
  const fetched = fetchOne(under, 0, { maxWaitMs: 60_000 });
  await begin(7, ["a", "b"]);
  assert.ok(await isParked(fetched));
  await end(7, "COMMIT");
  assert.deepEqual((await fetched).values.slice(0, 2), ["a", "b"]);
});

test("a session of a committed reader gets the records of a transaction when it has ended", async () => {
  const { under, begin, end } = await startPartition();
  const client = under.connect();
  const opened = await client.ask(Fetch, 12, fetchOf(0, { sessionId: 0, sessionEpoch: 0 }));
  const next = (sessionEpoch: number) =>
    client.ask(Fetch, 12, { ...fetchOf(0), sessionId: opened.sessionId, sessionEpoch, topics: [] });
  await begin(7, ["a"]);
  const open = (await next(1)).responses[0]!.partitions[0]!;
  assert.deepEqual([valuesOf(open.records), open.highWatermark, open.lastStableOffset], [[], 1, 0]);
  assert.deepEqual((await next(2)).responses, []);
  await end(7, "ABORT");
  const ended = (await next(3)).responses[0]!.partitions[0]!;
  assert.deepEqual(ended.abortedTransactions, [{ producerId: 7, firstOffset: 0 }]);
  assert.equal(valuesOf(ended.records)[0], "a");
});

test("ListOffsets of a committed reader knows nothing behind the last stable offset", async () => {
  const { under, begin, end, plain } = await startPartition();
  const { wallMs } = under.clock.now();
  const list = async (timestamp: number, isolationLevel: number) => {
    const topics = [{ name: "orders", partitions: [{ partitionIndex: 0, timestamp }] }];
    const { topics: answered } = await under.connect().ask(ListOffsets, 8, { replicaId: -1, isolationLevel, topics });
    return answered[0]!.partitions[0]!.offset;
  };
  await plain(["a"]);
  const later = [{ timestamp: wallMs + 1000, key: null, value: new Uint8Array(1) }];
  await begin(7, [], { records: later });
  assert.deepEqual([await list(-1, 0), await list(-1, 1)], [2, 1]);
  assert.deepEqual([await list(wallMs + 1000, 0), await list(wallMs + 1000, 1)], [1, -1]);
  assert.deepEqual([await list(-3, 0), await list(-3, 1)], [1, -1]);
  await end(7, "COMMIT");
  assert.deepEqual([await list(-1, 1), await list(wallMs + 1000, 1), await list(-3, 1)], [3, 1, 1]);
});

test("another isolation level is UNKNOWN_SERVER_ERROR, told as each version tells it", async () => {
  const { under } = await startPartition();
  const client = under.connect();
  const named = await client.ask(Fetch, 12, fetchOf(0, { isolationLevel: 2 }));
  assert.deepEqual([named.errorCode, named.sessionId], [ErrorCode.UNKNOWN_SERVER_ERROR, 0]);
  const [told] = named.responses[0]!.partitions;
  assert.deepEqual([told!.errorCode, told!.abortedTransactions], [ErrorCode.UNKNOWN_SERVER_ERROR, []]);
  const byId = await client.ask(Fetch, 13, fetchOf(0, { isolationLevel: -1 }));
  assert.deepEqual([byId.errorCode, byId.responses], [ErrorCode.UNKNOWN_SERVER_ERROR, []]);
  const topics = [{ name: "orders", partitions: [{ partitionIndex: 0, timestamp: -1 }] }];
  const listed = await client.ask(ListOffsets, 7, { replicaId: -1, isolationLevel: 3, topics });
  const { errorCode, offset, leaderEpoch } = listed.topics[0]!.partitions[0]!;
  assert.deepEqual([errorCode, offset, leaderEpoch], [ErrorCode.UNKNOWN_SERVER_ERROR, -1, -1]);
});

test("DescribeProducers tells where a transaction began, and which coordinator ended the last one", async () => {
  const { under, begin, end, plain } = await startPartition();
  const described = async () => {
    const topics = [{ name: "orders", partitionIndexes: [0] }];
    const { topics: told } = await under.connect().ask(DescribeProducers, 0, { topics });
    const { errorCode, activeProducers } = told[0]!.partitions[0]!;
    assert.equal(errorCode, ErrorCode.NONE);
    return activeProducers.map(({ coordinatorEpoch, currentTxnStartOffset, lastSequence }) => {
      return { coordinatorEpoch, currentTxnStartOffset, lastSequence };
    });
  };
  await plain(["a"]);
  await begin(7, ["b", "c"]);
  assert.deepEqual(await described(), [{ coordinatorEpoch: -1, currentTxnStartOffset: 1, lastSequence: 1 }]);
  await end(7, "COMMIT");
  assert.deepEqual(await described(), [{ coordinatorEpoch: 4, currentTxnStartOffset: -1, lastSequence: 1 }]);
});
