import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { commit, committed, describe, Member, untilState } from "../member.ts";
import { accepted, createTopic, during, fresh, open, refused, type Topic, tight, until } from "../suite.ts";
import type { Value } from "../wire/codec.ts";

/* The tight broker forgets offsets after a minute, the least that Kafka takes; it looks every 300 ms. */

const broker = await open(tight);
const topic = await createTopic(broker, 4);
const other = await createTopic(broker);
const minuteMs = 60_000;

/** Commits in version 4, which may say how long the offset is to be kept. */
async function commitFor(groupId: string, retentionTimeMs: number, partitionIndex = 0): Promise<void> {
  const partitions = [{ partitionIndex, committedOffset: 5 }];
  const body = { groupId, retentionTimeMs, topics: [{ name: topic.name, partitions }] };
  const answer = await broker.ask("OffsetCommit", body, 4);
  accepted(answer.topics[0].partitions[0]);
}

const offsetOf = async (group: string, of: Topic, index = 0) =>
  (await committed(broker, group, of.id, index)).committedOffset;

/** Awaits that a committed offset is gone. @returns how long that took since `from`, in milliseconds. */
async function untilForgotten(group: string, of: Topic, from: number, index = 0): Promise<number> {
  await until("the offset is forgotten", async () => (await offsetOf(group, of, index)) === -1, 75_000);
  return performance.now() - from;
}

const isListed = async (group: string) => {
  const { groups } = await broker.ask("ListGroups");
  return groups.some((each: Value) => each.groupId === group);
};

/** A dynamic member of a new group, after its first round. */
async function aloneIn(group: string, topics: string): Promise<Member> {
  const member = await Member.of(group, { address: tight, protocols: [["range", topics]] });
  accepted(await member.join({}, 3)); // from version 4 on it would be pending first, see below
  accepted(await member.syncAll());
  return member;
}

suite("Offsets expire", { concurrency: true }, () => {
  test("rule 39: an explicit retention of old versions wins; the last offset takes its group along", async () => {
    const group = fresh("g");
    const from = performance.now();
    await commitFor(group, 1_000, 0);
    await commitFor(group, 6_000, 1);
    assert.ok((await untilForgotten(group, topic, from, 0)) > 950);
    assert.equal(await offsetOf(group, topic, 1), 5);
    assert.ok(await isListed(group));
    await untilForgotten(group, topic, from, 1);
    await until("the group is gone", async () => !(await isListed(group)));
    refused(await describe(broker, group), "GROUP_ID_NOT_FOUND");
  });

  test("rule 39: a simple group forgets each offset a minute after its commit", async () => {
    const group = fresh("g");
    accepted(await commit(broker, group, topic.id, 5, { partitionIndex: 0 }));
    const from = performance.now();
    await during(3_000, async () => assert.equal(await offsetOf(group, topic), 5));
    accepted(await commit(broker, group, topic.id, 6, { partitionIndex: 1 }));
    assert.ok((await untilForgotten(group, topic, from, 0)) > minuteMs - 500);
    assert.equal(await offsetOf(group, topic, 1), 6);
    assert.ok((await untilForgotten(group, topic, from, 1)) > minuteMs + 2_500);
  });

  test("rule 39: a group that had members forgets all offsets a minute after it turned Empty", async () => {
    const group = fresh("g");
    const member = await aloneIn(group, topic.name);
    accepted(await member.commit(topic.id, 5));
    accepted(await member.commit(other.id, 6));
    await during(2_000, async () => assert.equal(await offsetOf(group, topic), 5));
    accepted(await member.leave());
    const from = performance.now();
    await untilState(broker, group, "Empty");
    assert.ok((await untilForgotten(group, topic, from)) > minuteMs - 500);
    await until("the other is gone with it", async () => (await offsetOf(group, other)) === -1);
    await until("the group is gone", async () => !(await isListed(group)));
  });

  test("rule 39: a live group forgets only topics that nobody subscribes to, a minute after the commit", async () => {
    const group = fresh("g");
    const member = await aloneIn(group, topic.name);
    accepted(await member.commit(topic.id, 5));
    accepted(await member.commit(other.id, 6));
    const from = performance.now();
    await until(
      "the other is forgotten",
      async () => {
        refused(await member.heartbeat(), "NONE");
        return (await offsetOf(group, other)) === -1;
      },
      75_000,
    );
    assert.ok(performance.now() - from > minuteMs - 500);
    assert.equal(await offsetOf(group, topic), 5);
  });

  test("a group whose last topic was deleted stays until the next check", async () => {
    const group = fresh("g");
    const gone = await createTopic(broker);
    accepted(await commit(broker, group, gone.id, 5));
    accepted((await broker.ask("DeleteTopics", { topics: [{ name: gone.name }], timeoutMs: 5_000 })).responses[0]);
    await until("the group is gone", async () => !(await isListed(group)));
  });

  test("a group that has nobody but pending members is forgotten by the check, and they with it", async () => {
    const group = fresh("g");
    const member = await Member.of(group, { address: tight });
    await member.becomePending();
    await until("the group is gone", async () => (await describe(broker, group)).errorCode === 69);
    refused(await member.joinOnce(), "UNKNOWN_MEMBER_ID");
  });
});
