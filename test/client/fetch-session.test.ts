import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type FetchPosition, FetchSession } from "../../src/client/consumer/fetch-session.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";

function at(partition: number, fetchOffset: number, topicId = "A".repeat(22)): FetchPosition {
  const key = `orders/${partition}`;
  return { topic: "orders", topicId, partition, key, fetchOffset, currentLeaderEpoch: 0, partitionMaxBytes: 100 };
}

/** "id/epoch: partition@offset … -forgotten" */
function next(session: FetchSession, positions: readonly FetchPosition[]): string {
  const { sessionId, sessionEpoch, topics, forgottenTopicsData } = session.next(positions);
  const named = topics.flatMap((topic) => topic.partitions.map((each) => `${each.partition}@${each.fetchOffset}`));
  const forgotten = forgottenTopicsData!.flatMap(({ partitions }) => partitions.map((each) => `-${each}`));
  return `${sessionId}/${sessionEpoch}: ${[...named, ...forgotten].join(" ")}`;
}

suite("a fetch session (KIP-227)", () => {
  test("names everything once, then what has changed, and what is no longer wanted", () => {
    const session = new FetchSession();
    assert.equal(next(session, [at(0, 0), at(1, 0)]), "0/0: 0@0 1@0");
    session.answered(7);
    assert.equal(next(session, [at(0, 5), at(1, 0)]), "7/1: 0@5");
    session.answered(7);
    assert.equal(next(session, [at(1, 0)]), "7/2: -0");
    session.answered(7);
    assert.equal(next(session, [at(0, 5), at(1, 0)]), "7/3: 0@5");
  });

  test("begins anew after an error, and ends the one that was", () => {
    const session = new FetchSession();
    next(session, [at(0, 0)]);
    session.answered(7);
    session.failed();
    assert.equal(next(session, [at(0, 0)]), "7/0: 0@0");
    session.answered(8);
    session.failed(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    assert.equal(next(session, [at(0, 0)]), "0/0: 0@0");
  });

  test("a broker without room is told everything each time", () => {
    const session = new FetchSession();
    next(session, [at(0, 0)]);
    session.answered(0);
    assert.equal(next(session, [at(0, 0)]), "0/0: 0@0");
  });

  test("a topic that was made anew is another: the old one is forgotten", () => {
    const session = new FetchSession();
    next(session, [at(0, 0)]);
    session.answered(7);
    assert.equal(next(session, [at(0, 0, "B".repeat(22))]), "7/1: 0@0 -0");
  });
});
