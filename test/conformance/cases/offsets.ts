import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { commit, committed, describe, joinedGroup, Member, stableGroup, untilState } from "../member.ts";
import { accepted, createTopic, fresh, open, refused, type Topic, tight, until } from "../suite.ts";
import { type Value, zeroUuid } from "../wire/codec.ts";
import type { Connection } from "../wire/connection.ts";

const broker = await open();
const topic = await createTopic(broker, 4);
const nowhere = "AAAAAAAAAAAAAAAAAAAAQQ"; // a topic id that nobody has

/** Commits by topic name, as versions below 10 do. */
async function commitNamed(
  connection: Connection,
  version: number,
  groupId: string,
  topics: [name: string, ...partitions: number[]][],
  set: Value = {},
): Promise<[string, number, number][]> {
  const body = topics.map(([name, ...indexes]) => ({
    name,
    partitions: indexes.map((partitionIndex) => ({ partitionIndex, committedOffset: 7, committedMetadata: "" })),
  }));
  const answer = await connection.ask("OffsetCommit", { groupId, ...set, topics: body }, version);
  assert.equal(answer.topics.length, topics.length); // each stands there once
  return answer.topics.flatMap((each: Value) =>
    each.partitions.map((one: Value) => [each.name, one.partitionIndex, one.errorCode]),
  );
}

suite("OffsetCommit: who may commit", { concurrency: true }, () => {
  test("rule 3: an empty group id is taken, also by DescribeGroups and DeleteGroups", async () => {
    accepted(await commit(broker, "", topic.id, 3));
    assert.equal((await committed(broker, "", topic.id)).committedOffset, 3);
    assert.equal((await describe(broker, "")).groupState, "Empty");
    accepted((await broker.ask("DeleteGroups", { groupsNames: [""] })).results[0]);
    assert.equal((await describe(broker, "")).groupState, "Dead");
  });

  test("rule 34: a commit without a generation makes a simple group of an unknown one", async () => {
    const group = fresh("g");
    accepted(await commit(broker, group, topic.id, 5));
    const { groups } = await broker.ask("ListGroups");
    const listed = groups.find((each: Value) => each.groupId === group);
    assert.deepEqual([listed.protocolType, listed.groupState, listed.groupType], ["", "Empty", "classic"]);
    const described = await describe(broker, group);
    assert.deepEqual([described.errorCode, described.groupState, described.members], [0, "Empty", []]);
  });

  test("rule 34: a generation of an unknown group: not found from version 9 on, illegal before", async () => {
    const set = { generationIdOrMemberEpoch: 0, memberId: "m" };
    refused(await commit(broker, fresh("g"), topic.id, 5, set), "GROUP_ID_NOT_FOUND");
    assert.deepEqual(await commitNamed(broker, 9, fresh("g"), [[topic.name, 0]], set), [[topic.name, 0, 69]]);
    assert.deepEqual(await commitNamed(broker, 8, fresh("g"), [[topic.name, 0]], set), [[topic.name, 0, 22]]);
    assert.deepEqual(await commitNamed(broker, 2, fresh("g"), [[topic.name, 0]], set), [[topic.name, 0, 22]]);
  });

  test("rule 35: without a generation it is taken while the group is Empty, also with a member id", async () => {
    const group = fresh("g");
    const [a] = (await stableGroup(group)) as [Member];
    accepted(await a.leave());
    accepted(await commit(broker, group, topic.id, 1));
    accepted(await commit(broker, group, topic.id, 2, { memberId: "whoever" }));
    assert.equal((await committed(broker, group, topic.id)).committedOffset, 2);
    refused(
      await commit(broker, group, topic.id, 3, { generationIdOrMemberEpoch: 2, memberId: "m" }),
      "UNKNOWN_MEMBER_ID",
    );
  });

  test("rule 35: without a generation it is refused by a live group", async () => {
    const [a] = (await stableGroup(fresh("g"))) as [Member];
    refused(await commit(broker, a.groupId, topic.id, 1), "UNKNOWN_MEMBER_ID");
    refused(await commit(broker, a.groupId, topic.id, 1, { memberId: a.memberId }), "ILLEGAL_GENERATION");
    refused(await commit(broker, a.groupId, topic.id, 1, { memberId: "stranger" }), "UNKNOWN_MEMBER_ID");
  });

  test("a member commits with its generation, and no other", async () => {
    const [a, b] = (await stableGroup(fresh("g"), [{}, { instanceId: "b" }])) as [Member, Member];
    accepted(await a.commit(topic.id, 1));
    accepted(await b.commit(topic.id, 2));
    refused(await a.commit(topic.id, 1, { generationIdOrMemberEpoch: 1 }), "ILLEGAL_GENERATION");
    refused(await a.commit(topic.id, 1, { generationIdOrMemberEpoch: 3 }), "ILLEGAL_GENERATION");
    refused(await a.commit(topic.id, 1, { memberId: "stranger" }), "UNKNOWN_MEMBER_ID");
    refused(await b.commit(topic.id, 1, { memberId: a.memberId }), "FENCED_INSTANCE_ID");
    refused(await b.commit(topic.id, 1, { groupInstanceId: "unknown" }), "UNKNOWN_MEMBER_ID");
    assert.equal((await committed(broker, a.groupId, topic.id)).committedOffset, 2);
  });

  test("rule 36: a commit while the leader still plans is told to rejoin", async () => {
    const [a] = (await joinedGroup(fresh("g"), [{}])) as [Member];
    refused(await a.commit(topic.id, 1), "REBALANCE_IN_PROGRESS");
    assert.equal((await committed(broker, a.groupId, topic.id)).committedOffset, -1);
  });

  test("rule 36: a commit while the group prepares is taken, with the right generation", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, {}])) as [Member, Member];
    const joining = a.join();
    await untilState(b.connection, group, "PreparingRebalance");
    accepted(await b.commit(topic.id, 11));
    refused(await b.commit(topic.id, 12, { generationIdOrMemberEpoch: 1 }), "ILLEGAL_GENERATION");
    assert.equal((await committed(broker, group, topic.id)).committedOffset, 11);
    accepted(await b.join());
    await joining;
  });

  test("rule 36: unknown topics and partitions are told before anything else is looked at", async () => {
    const [a] = (await stableGroup(fresh("g"))) as [Member];
    const unknown = fresh("unknown");
    const wrong = { generationIdOrMemberEpoch: 99, memberId: "stranger" };
    for (const version of [2, 5, 8, 9]) {
      const codes = await commitNamed(
        broker,
        version,
        a.groupId,
        [
          [topic.name, 0, 4],
          [unknown, 0],
        ],
        wrong,
      );
      const expected = [
        [topic.name, 0, 25],
        [topic.name, 4, 3],
        [unknown, 0, 3],
      ];
      assert.deepEqual(codes.sort(), expected.sort());
      assert.deepEqual(await commitNamed(broker, version, "", [[unknown, 0]], wrong), [[unknown, 0, 3]]);
    }
    const partitions = [
      { partitionIndex: 0, committedOffset: 1 },
      { partitionIndex: 9, committedOffset: 1 },
    ];
    const topics = [
      { topicId: topic.id, partitions },
      { topicId: nowhere, partitions },
    ];
    const answer = await broker.ask("OffsetCommit", { groupId: fresh("g"), topics });
    const codes = answer.topics.flatMap((each: Value) =>
      each.partitions.map((one: Value) => `${each.topicId} ${one.partitionIndex} ${one.errorCode}`),
    );
    const expected = [`${topic.id} 0 0`, `${topic.id} 9 3`, `${nowhere} 0 100`, `${nowhere} 9 100`];
    assert.deepEqual(codes.sort(), expected.sort());
  });

  test("nothing to commit is answered with nothing", async () => {
    const answer = await broker.ask("OffsetCommit", { groupId: fresh("g"), topics: [] });
    assert.deepEqual(answer.topics, []);
  });
});

suite("OffsetCommit: what is kept", { concurrency: true }, () => {
  test("rule 37: metadata that is too long is refused for its partition only", async () => {
    const text = (length: number) => "é".repeat(length); // characters, not bytes, are counted
    const partitions = [
      { partitionIndex: 0, committedOffset: 1, committedMetadata: text(4096) },
      { partitionIndex: 1, committedOffset: 1, committedMetadata: text(4097) },
      { partitionIndex: 2, committedOffset: 1, committedMetadata: "😀".repeat(2049) },
      { partitionIndex: 3, committedOffset: 1, committedMetadata: null },
    ];
    const group = fresh("g");
    const answer = await broker.ask("OffsetCommit", { groupId: group, topics: [{ topicId: topic.id, partitions }] });
    assert.deepEqual(
      answer.topics[0].partitions.map((each: Value) => each.errorCode),
      [0, 12, 12, 0],
    );
    assert.equal((await committed(broker, group, topic.id, 0)).metadata, text(4096));
    assert.equal((await committed(broker, group, topic.id, 1)).committedOffset, -1);
    assert.equal((await committed(broker, group, topic.id, 3)).metadata, "");
  });

  test("rule 37: offset.metadata.max.bytes is the bound", async () => {
    const connection = await open(tight);
    const small = await createTopic(connection);
    accepted(await commit(connection, fresh("g"), small.id, 1, { committedMetadata: "0123456789abcdef" }));
    const answer = await commit(connection, fresh("g"), small.id, 1, { committedMetadata: "0123456789abcdefg" });
    refused(answer, "OFFSET_METADATA_TOO_LARGE");
  });

  test("offset, leader epoch and metadata come back as they were committed", async () => {
    const group = fresh("g");
    const partitions = [
      { partitionIndex: 0, committedOffset: 2n ** 62n, committedLeaderEpoch: 5, committedMetadata: "at noon" },
      { partitionIndex: 1, committedOffset: 0, committedLeaderEpoch: -1, committedMetadata: "" },
    ];
    await broker.ask("OffsetCommit", { groupId: group, topics: [{ topicId: topic.id, partitions }] });
    const far = await committed(broker, group, topic.id, 0);
    assert.deepEqual([far.committedOffset, far.committedLeaderEpoch, far.metadata], [2n ** 62n, 5, "at noon"]);
    const zero = await committed(broker, group, topic.id, 1);
    assert.deepEqual([zero.committedOffset, zero.committedLeaderEpoch, zero.metadata], [0, -1, ""]);
  });

  test("a negative offset is kept as it is", async () => {
    const group = fresh("g");
    accepted(await commit(broker, group, topic.id, -5));
    assert.equal((await committed(broker, group, topic.id)).committedOffset, -5);
  });
});

suite("OffsetFetch", { concurrency: true }, () => {
  const fetchNamed = async (version: number, groupId: string, topics: Value, set: Value = {}): Promise<Value> => {
    if (version < 8) return broker.ask("OffsetFetch", { groupId, topics, ...set }, version);
    return (await broker.ask("OffsetFetch", { groups: [{ groupId, topics }], ...set }, version)).groups[0];
  };

  test("rule 38: what is not committed is offset -1 without an error", async () => {
    const [group, unknown] = [fresh("g"), fresh("unknown")];
    accepted(await commit(broker, group, topic.id, 5));
    for (const version of [1, 2, 5, 7, 8, 9]) {
      for (const [groupId, first] of [
        [group, 5],
        [fresh("g"), -1],
      ] as const) {
        const topics = [
          { name: topic.name, partitionIndexes: [0, 1, 77] },
          { name: unknown, partitionIndexes: [0] },
        ];
        const answer = await fetchNamed(version, groupId, topics);
        const found = answer.topics.map((each: Value) => [
          each.name,
          each.partitions.map((one: Value) => [one.partitionIndex, one.committedOffset, one.errorCode, one.metadata]),
        ]);
        const none = (index: number) => [index, -1, 0, ""];
        assert.deepEqual(found, [
          [topic.name, [[0, first, 0, ""], none(1), none(77)]],
          [unknown, [none(0)]],
        ]);
      }
    }
  });

  test("rule 38: null topics are all that is committed, from version 2 on", async () => {
    const group = fresh("g");
    accepted(await commit(broker, group, topic.id, 5, { partitionIndex: 2 }));
    for (const version of [2, 5, 7, 8, 9]) {
      const answer = await fetchNamed(version, group, null);
      assert.equal(answer.errorCode, 0);
      assert.equal(answer.topics.length, 1);
      assert.equal(answer.topics[0].name, topic.name);
      assert.deepEqual(
        answer.topics[0].partitions.map((each: Value) => each.partitionIndex),
        [2],
      );
      assert.deepEqual((await fetchNamed(version, fresh("g"), null)).topics, []);
      assert.deepEqual((await fetchNamed(version, group, [])).topics, []);
    }
  });

  test("rule 38: several groups in one request, each with its own answer", async () => {
    const [one, two] = [fresh("g"), fresh("g")];
    accepted(await commit(broker, one, topic.id, 1));
    accepted(await commit(broker, two, topic.id, 2, { partitionIndex: 1 }));
    const topics = [{ name: topic.name, partitionIndexes: [0] }];
    const groups = [
      { groupId: one, topics },
      { groupId: two, topics: null },
      { groupId: fresh("g"), topics: null },
    ];
    const answer = await broker.ask("OffsetFetch", { groups, requireStable: true }, 8);
    const byId = new Map<string, Value>(answer.groups.map((each: Value) => [each.groupId, each]));
    assert.equal(byId.get(one).topics[0].partitions[0].committedOffset, 1);
    assert.equal(byId.get(two).topics[0].partitions[0].committedOffset, 2);
    assert.equal(byId.size, 3);
  });

  test("rule 38: member id and epoch are not checked for a classic group", async () => {
    const [a] = (await stableGroup(fresh("g"))) as [Member];
    accepted(await a.commit(topic.id, 9));
    const topics = [{ name: topic.name, partitionIndexes: [0] }];
    const groups = [{ groupId: a.groupId, memberId: "stranger", memberEpoch: 99, topics }];
    const answer = await broker.ask("OffsetFetch", { groups }, 9);
    assert.equal(accepted(answer.groups[0]).topics[0].partitions[0].committedOffset, 9);
  });

  test("rule 38: version 10 speaks of topic ids; an unknown one is told so", async () => {
    const group = fresh("g");
    accepted(await commit(broker, group, topic.id, 5));
    const topics = [
      { topicId: topic.id, partitionIndexes: [0] },
      { topicId: nowhere, partitionIndexes: [0] },
    ];
    const answer = await broker.ask("OffsetFetch", { groups: [{ groupId: group, topics }] }, 10);
    const found = answer.groups[0].topics.map((each: Value) => [
      each.topicId,
      each.partitions[0].committedOffset,
      each.partitions[0].errorCode,
    ]);
    assert.deepEqual(
      found.sort(),
      [
        [topic.id, 5, 0],
        [nowhere, -1, 100],
      ].sort(),
    );
    const all = await broker.ask("OffsetFetch", { groups: [{ groupId: group, topics: null }] }, 10);
    assert.equal(all.groups[0].topics[0].topicId, topic.id);
  });

  test("a zero topic id is unknown", async () => {
    refused(await commit(broker, fresh("g"), zeroUuid, 5), "UNKNOWN_TOPIC_ID");
  });
});

suite("OffsetDelete, DeleteGroups", { concurrency: true }, () => {
  const offsetDelete = async (groupId: string, ...names: string[]): Promise<Value> => {
    const topics = names.map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }));
    return broker.ask("OffsetDelete", { groupId, topics });
  };
  const only = (answer: Value): Value => accepted(answer).topics[0].partitions[0];

  test("rule 40: offsets of a live group go, but for topics that a member subscribes to", async () => {
    const group = fresh("g");
    const other = await createTopic(broker);
    const [a] = (await stableGroup(group, [{ protocols: [["range", topic.name]] }])) as [Member];
    accepted(await a.commit(topic.id, 1));
    accepted(await a.commit(other.id, 2));
    refused(only(await offsetDelete(group, topic.name)), "GROUP_SUBSCRIBED_TO_TOPIC");
    accepted(only(await offsetDelete(group, other.name)));
    assert.equal((await committed(broker, group, topic.id)).committedOffset, 1);
    assert.equal((await committed(broker, group, other.id)).committedOffset, -1);
    accepted(await a.leave());
    accepted(only(await offsetDelete(group, topic.name)));
    assert.equal((await committed(broker, group, topic.id)).committedOffset, -1);
  });

  test("rule 40: a live group of another protocol type refuses the whole request", async () => {
    const group = fresh("g");
    const [a] = (await stableGroup(group, [{ protocolType: "connect" }])) as [Member];
    accepted(await a.commit(topic.id, 1));
    const answer = await offsetDelete(group, topic.name);
    refused(answer, "NON_EMPTY_GROUP");
    assert.deepEqual(answer.topics, []);
    assert.equal((await committed(broker, group, topic.id)).committedOffset, 1);
  });

  test("rule 40: unknown topics and groups are told; an offset that is not there is no error", async () => {
    const group = fresh("g");
    accepted(await commit(broker, group, topic.id, 5, { partitionIndex: 1 }));
    refused(only(await offsetDelete(group, fresh("unknown"))), "UNKNOWN_TOPIC_OR_PARTITION");
    accepted(only(await offsetDelete(group, topic.name)));
    refused(await offsetDelete(fresh("g"), topic.name), "GROUP_ID_NOT_FOUND");
    refused(await offsetDelete("", topic.name), "INVALID_GROUP_ID");
  });

  test("rule 40: a group without members is deleted with its offsets, one with members is not", async () => {
    const [live, simple, unknown] = [fresh("g"), fresh("g"), fresh("g")];
    await stableGroup(live);
    accepted(await commit(broker, simple, topic.id, 5));
    for (const version of [0, 1, 2]) {
      accepted(await commit(broker, simple, topic.id, 5));
      const answer = await broker.ask("DeleteGroups", { groupsNames: [live, simple, unknown] }, version);
      const codes = Object.fromEntries(answer.results.map((each: Value) => [each.groupId, each.errorCode]));
      assert.deepEqual(codes, { [live]: 68, [simple]: 0, [unknown]: 69 });
      assert.equal((await committed(broker, simple, topic.id)).committedOffset, -1);
      const { groups } = await broker.ask("ListGroups");
      assert.ok(!groups.some((each: Value) => each.groupId === simple));
    }
  });

  test("rule 40: an Empty group that had members is deleted, and begins again at generation 1", async () => {
    const group = fresh("g");
    const [a] = (await stableGroup(group)) as [Member];
    accepted(await a.leave());
    const answer = await broker.ask("DeleteGroups", { groupsNames: [group] });
    accepted(answer.results[0]);
    assert.equal((await describe(broker, group)).groupState, "Dead");
    const again = await Member.of(group);
    assert.equal(accepted(await again.join()).generationId, 1);
  });

  test("rule 40: the offsets of a deleted topic go with it", async () => {
    const group = fresh("g");
    const gone: Topic = await createTopic(broker);
    accepted(await commit(broker, group, gone.id, 5));
    accepted(await commit(broker, group, topic.id, 6));
    const answer = await broker.ask("DeleteTopics", { topics: [{ name: gone.name }], timeoutMs: 10_000 });
    accepted(answer.responses[0]);
    await until("its offsets are gone", async () => {
      const all = await broker.ask("OffsetFetch", { groups: [{ groupId: group, topics: null }] }, 9);
      return !all.groups[0].topics.some((each: Value) => each.name === gone.name);
    });
    assert.equal((await committed(broker, group, topic.id)).committedOffset, 6);
  });
});
