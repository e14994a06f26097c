import assert from "node:assert/strict";
import { test } from "node:test";
import { FetchSessions } from "../../src/broker/fetch-sessions.ts";
import { Fetch } from "../../src/protocol/apis/fetch.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import type { RequestInput, ResponseOf } from "../../src/protocol/schema.ts";
import { seededRng } from "../../src/testing/seeded-rng.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { type BrokerUnderTest, batchOf, createTopic, startBroker, valuesOf } from "./harness.ts";

type FetchRequest = RequestInput<typeof Fetch>;
type Offsets = Readonly<Record<number, number>>;

interface Session {
  readonly sessionId?: number;
  readonly sessionEpoch: number;
}

function fetchOf(
  offsets: Offsets,
  session: Session,
  more: Partial<FetchRequest> & { topicId?: string } = {},
): FetchRequest {
  const partitions = Object.entries(offsets).map(([partition, fetchOffset]) => ({
    partition: Number(partition),
    fetchOffset,
    partitionMaxBytes: 1_000_000,
  }));
  const topics = partitions.length === 0 ? [] : [{ topic: "orders", topicId: more.topicId, partitions }];
  return { maxWaitMs: 0, minBytes: 1, topics, ...session, ...more };
}

async function fetch(under: BrokerUnderTest, offsets: Offsets, session: Session, more?: Partial<FetchRequest>) {
  return under.connect().ask(Fetch, 12, fetchOf(offsets, session, more));
}

function told({ responses }: ResponseOf<typeof Fetch>): string[] {
  return responses.flatMap(({ partitions }) =>
    partitions.map(({ partitionIndex, errorCode, records }) => {
      return `${partitionIndex} ${errorCode === 0 ? valuesOf(records).join("") : `error ${errorCode}`}`.trim();
    }),
  );
}

async function produce(under: BrokerUnderTest, index: number, value: string): Promise<void> {
  const topicData = [{ name: "orders", partitionData: [{ index, records: batchOf([value]) }] }];
  await under.connect().ask(Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topicData });
}

async function startWithOrders(config: Readonly<Record<string, string>> = {}): Promise<BrokerUnderTest> {
  const under = await startBroker({ config });
  await createTopic(under, "orders", 3);
  return under;
}

test("a full fetch opens a session, an incremental one tells only what changed (KIP-227)", async () => {
  const under = await startWithOrders();
  const opened = await fetch(under, { 0: 0, 1: 0 }, { sessionEpoch: 0 });
  assert.deepEqual(told(opened), ["0", "1"]);
  const { sessionId } = opened;
  assert.notEqual(sessionId, 0);

  const quiet = await fetch(under, {}, { sessionId, sessionEpoch: 1 });
  assert.deepEqual([quiet.errorCode, quiet.sessionId, told(quiet)], [ErrorCode.NONE, sessionId, []]);

  await produce(under, 1, "a");
  assert.deepEqual(told(await fetch(under, {}, { sessionId, sessionEpoch: 2 })), ["1 a"]);
  assert.deepEqual(told(await fetch(under, { 1: 1 }, { sessionId, sessionEpoch: 3 })), []);
});

test("a partition that had data goes last in the next answer, so that none starves", async () => {
  const under = await startWithOrders();
  for (const index of [0, 1, 2]) await produce(under, index, "a");
  const { sessionId } = await fetch(under, { 0: 0, 1: 0, 2: 0 }, { sessionEpoch: 0 });
  const first = await fetch(under, {}, { sessionId, sessionEpoch: 1 }, { maxBytes: 1 });
  const second = await fetch(under, {}, { sessionId, sessionEpoch: 2 }, { maxBytes: 1 });
  const third = await fetch(under, {}, { sessionId, sessionEpoch: 3 }, { maxBytes: 1 });
  assert.deepEqual([told(first), told(second), told(third)], [["0 a"], ["1 a"], ["2 a"]]);
});

test("partitions are added to a session, moved in it, and forgotten", async () => {
  const under = await startWithOrders();
  for (const index of [0, 1]) await produce(under, index, "a");
  const { sessionId } = await fetch(under, { 0: 1 }, { sessionEpoch: 0 });
  assert.deepEqual(told(await fetch(under, { 1: 0 }, { sessionId, sessionEpoch: 1 })), ["1 a"]);
  assert.deepEqual(told(await fetch(under, { 0: 0 }, { sessionId, sessionEpoch: 2 })), ["0 a", "1 a"]);
  const forgottenTopicsData = [{ topic: "orders", partitions: [1] }];
  assert.deepEqual(told(await fetch(under, {}, { sessionId, sessionEpoch: 3 }, { forgottenTopicsData })), ["0 a"]);
});

test("an error is told again and again, and once more when it is over", async () => {
  const under = await startWithOrders();
  const { sessionId } = await fetch(under, { 0: 0, 7: 0 }, { sessionEpoch: 0 });
  assert.deepEqual(told(await fetch(under, {}, { sessionId, sessionEpoch: 1 })), ["7 error 3"]);
  assert.deepEqual(told(await fetch(under, { 0: 5 }, { sessionId, sessionEpoch: 2 })), ["0 error 1", "7 error 3"]);
  assert.deepEqual(told(await fetch(under, { 0: 0 }, { sessionId, sessionEpoch: 3 })), ["0", "7 error 3"]);
});

test("a session that has nothing left, or is closed, is gone", async () => {
  const under = await startWithOrders();
  const emptied = await fetch(under, { 0: 0 }, { sessionEpoch: 0 });
  const forgottenTopicsData = [{ topic: "orders", partitions: [0] }];
  const { sessionId } = emptied;
  const last = await fetch(under, {}, { sessionId, sessionEpoch: 1 }, { forgottenTopicsData });
  assert.deepEqual([last.errorCode, last.sessionId], [ErrorCode.NONE, 0]);
  const gone = await fetch(under, {}, { sessionId, sessionEpoch: 2 });
  assert.equal(gone.errorCode, ErrorCode.FETCH_SESSION_ID_NOT_FOUND);

  const closed = (await fetch(under, { 0: 0 }, { sessionEpoch: 0 })).sessionId;
  const final = await fetch(under, { 0: 0 }, { sessionId: closed, sessionEpoch: -1 });
  assert.deepEqual([final.sessionId, told(final)], [0, ["0"]]);
  assert.equal(
    (await fetch(under, {}, { sessionId: closed, sessionEpoch: 1 })).errorCode,
    ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  );
});

test("a full fetch that names a session puts a new one in its place", async () => {
  const under = await startWithOrders();
  const old = (await fetch(under, { 0: 0 }, { sessionEpoch: 0 })).sessionId;
  const renewed = (await fetch(under, { 0: 0 }, { sessionId: old, sessionEpoch: 0 })).sessionId;
  assert.notEqual(renewed, old);
  assert.equal(under.broker.services.fetchSessions.size, 1);
});

test("another epoch than the next is INVALID_FETCH_SESSION_EPOCH, and the session lives on", async () => {
  const under = await startWithOrders();
  const { sessionId } = await fetch(under, { 0: 0 }, { sessionEpoch: 0 });
  assert.equal((await fetch(under, {}, { sessionId, sessionEpoch: 1 })).errorCode, ErrorCode.NONE);
  for (const sessionEpoch of [1, 3]) {
    const refused = await fetch(under, {}, { sessionId, sessionEpoch });
    assert.deepEqual([refused.errorCode, refused.sessionId], [ErrorCode.INVALID_FETCH_SESSION_EPOCH, 0]);
  }
  assert.equal((await fetch(under, {}, { sessionId, sessionEpoch: 2 })).errorCode, ErrorCode.NONE);
});

test("a session by names is not gone on with by topic ids (KIP-516)", async () => {
  const under = await startWithOrders();
  const { sessionId } = await fetch(under, { 0: 0 }, { sessionEpoch: 0 });
  const answer = await under.connect().ask(Fetch, 13, fetchOf({}, { sessionId, sessionEpoch: 1 }));
  assert.equal(answer.errorCode, ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
});

test("a topic id that nobody has yet is found once the topic is there", async () => {
  const under = await startBroker();
  const topicId = "EREREREREREREREREREREQ";
  const opened = await under.connect().ask(Fetch, 13, fetchOf({ 0: 0 }, { sessionEpoch: 0 }, { topicId }));
  assert.deepEqual(told(opened), ["0 error 100"]);
  const again = await under.connect().ask(Fetch, 13, fetchOf({}, { sessionId: opened.sessionId, sessionEpoch: 1 }));
  assert.deepEqual(told(again), ["0 error 100"]);
});

function session(sessions: FetchSessions, partitions: number): number {
  const entries = Array.from({ length: partitions }, (_, partition) => {
    const key = `orders/${partition}`;
    const offsets = { fetchOffset: 0, highWatermark: -1, logStartOffset: -1 };
    const epochs = { currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
    return [key, { key, topic: "orders", topicId: "", partition, maxBytes: 1, ...offsets, ...epochs }] as const;
  });
  const ask = { sessionId: 0, sessionEpoch: 0, usesTopicIds: false, partitions: new Map(entries), forgotten: [] };
  return sessions.open(ask).answer([]).sessionId;
}

function goOn(sessions: FetchSessions, sessionId: number, sessionEpoch: number): ErrorCode {
  return sessions.open({ sessionId, sessionEpoch, usesTopicIds: false, partitions: new Map(), forgotten: [] })
    .errorCode;
}

test("a full cache gives no session while all in it are young", () => {
  const sessions = new FetchSessions(new VirtualClock(), seededRng(), 2);
  assert.notEqual(session(sessions, 1), 0);
  assert.notEqual(session(sessions, 1), 0);
  assert.equal(session(sessions, 9), 0);
});

test("a session that is not young makes room: one long unused first, else the smallest if it is smaller", async () => {
  const clock = new VirtualClock();
  const sessions = new FetchSessions(clock, seededRng(), 2);
  const small = session(sessions, 2);
  const large = session(sessions, 3);
  await clock.advance(100_000);
  assert.equal(goOn(sessions, small, 1), ErrorCode.NONE);
  await clock.advance(10_000);
  assert.equal(goOn(sessions, large, 1), ErrorCode.NONE);
  await clock.advance(20_000);
  assert.equal(session(sessions, 2), 0); // none is larger than what it would take the place of
  const larger = session(sessions, 4);
  assert.notEqual(larger, 0);
  assert.equal(goOn(sessions, small, 2), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);

  await clock.advance(110_000); // `large` is unused for longer than two minutes now
  assert.notEqual(session(sessions, 1), 0);
  assert.equal(goOn(sessions, large, 2), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  assert.equal(goOn(sessions, larger, 1), ErrorCode.NONE);
});

test("beyond so many partitions in all sessions together there is no session", () => {
  const sessions = new FetchSessions(new VirtualClock(), seededRng(), 1000, 10);
  const large = session(sessions, 6);
  assert.notEqual(large, 0);
  assert.equal(session(sessions, 5), 0);
  assert.notEqual(session(sessions, 4), 0);
  assert.equal(goOn(sessions, large, -1), ErrorCode.NONE); // its end
  assert.notEqual(session(sessions, 6), 0);
});
