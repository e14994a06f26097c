import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { commit, describe, joinedGroup, Member, stableGroup, untilState } from "../member.ts";
import { Producer } from "../producer.ts";
import {
  accepted,
  createTopic,
  during,
  fetch,
  fresh,
  main,
  open,
  refused,
  type Topic,
  tight,
  until,
} from "../suite.ts";
import { batches } from "../wire/batch.ts";
import type { Value } from "../wire/codec.ts";
import type { Connection } from "../wire/connection.ts";
import { errorName } from "../wire/errors.ts";

/* Offsets that are part of a transaction: who may commit them, when they count, and what becomes of them. */

const broker = await open();
const topic = await createTopic(broker, 4);

/** A producer whose transaction has the group in it, as clients up to Kafka 3 add it. */
async function producerOf(groupId: string, address = main): Promise<Producer> {
  const producer = await Producer.of({ address });
  accepted(await producer.addOffsets(groupId));
  return producer;
}

/** What a member would begin with: an offset, or the name of an error. */
async function begins(groupId: string, partition = 0, requireStable = true, connection = broker) {
  const topics = [{ topicId: topic.id, partitionIndexes: [partition] }];
  const answer = await connection.ask("OffsetFetch", { groups: [{ groupId, topics }], requireStable });
  const found = accepted(answer.groups[0]).topics[0].partitions[0];
  return found.errorCode === 0 ? Number(found.committedOffset) : errorName(found.errorCode);
}

/** The markers are written a moment after the transaction's end was answered. */
async function ended(producer: Producer, commits: boolean): Promise<void> {
  accepted(await producer.end(commits));
  await producer.untilState(commits ? "CompleteCommit" : "CompleteAbort");
}

async function isListed(groupId: string, connection: Connection = broker): Promise<boolean> {
  const { groups } = await connection.ask("ListGroups");
  return groups.some((each: Value) => each.groupId === groupId);
}

/** Its generation is that of a commit in a transaction. */
const asMember = ({ memberId, generationId, instanceId }: Member) => ({
  memberId,
  generationId,
  groupInstanceId: instanceId,
});

suite("TxnOffsetCommit: who may commit", { concurrency: true }, () => {
  test("rule 41: without a generation it makes a simple group, with one it needs the group", async () => {
    const group = fresh("g");
    const producer = await producerOf(group);
    refused(
      await producer.commitOffset(group, topic.name, 1, { generationId: 0, memberId: "m" }),
      "ILLEGAL_GENERATION",
    );
    assert.equal(await isListed(group), false);
    accepted(await producer.commitOffset(group, topic.name, 1));
    assert.equal((await describe(broker, group)).groupState, "Empty");
    accepted(await producer.commitOffset(group, topic.name, 1, { memberId: "whoever" }));
    const strange = { memberId: "whoever", generationId: 0 };
    refused(await producer.commitOffset(group, topic.name, 1, strange), "UNKNOWN_MEMBER_ID");
    await ended(producer, true);
  });

  test("rule 41: a live group takes it from its members, and from nobody in particular", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, { instanceId: "b" }])) as [Member, Member];
    const producer = await producerOf(group);
    const asA = asMember(a);
    accepted(await producer.commitOffset(group, topic.name, 1, asA));
    accepted(await producer.commitOffset(group, topic.name, 1, asMember(b)));
    accepted(await producer.commitOffset(group, topic.name, 1));
    accepted(await producer.commitOffset(group, topic.name, 1, {}, 2));
    const strangers: [Value, string][] = [
      [{ ...asA, generationId: a.generationId + 1 }, "ILLEGAL_GENERATION"],
      [{ ...asA, generationId: -1 }, "ILLEGAL_GENERATION"],
      [{ ...asA, memberId: "stranger" }, "UNKNOWN_MEMBER_ID"],
      [{ ...asA, memberId: "" }, "UNKNOWN_MEMBER_ID"],
      [{ ...asMember(b), memberId: a.memberId }, "FENCED_INSTANCE_ID"],
      [{ ...asMember(b), groupInstanceId: "c" }, "UNKNOWN_MEMBER_ID"],
    ];
    for (const [who, error] of strangers) refused(await producer.commitOffset(group, topic.name, 1, who), error);
    await ended(producer, true);
  });

  test("rule 41: it is taken while the group waits for the plan, and while it gathers", async () => {
    const group = fresh("g");
    const [a] = (await joinedGroup(group, [{}])) as [Member];
    const producer = await producerOf(group);
    assert.equal((await describe(broker, group)).groupState, "CompletingRebalance");
    accepted(await producer.commitOffset(group, topic.name, 1, asMember(a)));
    accepted(await a.syncAll());
    const b = await Member.of(group);
    const joining = b.join();
    await untilState(broker, group, "PreparingRebalance");
    accepted(await producer.commitOffset(group, topic.name, 2, asMember(a)));
    await ended(producer, true);
    assert.equal(await begins(group), 2);
    accepted(await a.leave());
    accepted(await joining);
  });

  test("rule 23: it keeps no session alive", async () => {
    const group = fresh("g");
    const [a] = (await stableGroup(group, [{ sessionTimeoutMs: 1500 }])) as [Member];
    const producer = await producerOf(group);
    await until("the member is gone", async () => {
      const { errorCode } = await producer.commitOffset(group, topic.name, 1, asMember(a));
      return errorName(errorCode) === "UNKNOWN_MEMBER_ID";
    });
    await ended(producer, true);
  });

  test("rules 36 and 37: what is not there, and metadata that is too long, is refused by itself", async () => {
    const group = fresh("g");
    const producer = await producerOf(group);
    const of = (name: string, ...indexes: [number, string][]) => ({
      name,
      partitions: indexes.map(([partitionIndex, committedMetadata]) => ({
        partitionIndex,
        committedOffset: 5,
        committedMetadata,
      })),
    });
    const topics = [
      of(topic.name, [0, "x".repeat(4097)], [1, "x".repeat(4096)], [9, ""]),
      of("no such topic", [0, ""]),
    ];
    const answer = await producer.connection.ask("TxnOffsetCommit", { ...producer.identity, groupId: group, topics });
    const told = answer.topics.flatMap(({ name, partitions }: Value) =>
      partitions.map((each: Value) => `${name} ${each.partitionIndex} ${errorName(each.errorCode)}`),
    );
    assert.deepEqual(told.sort(), [
      "no such topic 0 UNKNOWN_TOPIC_OR_PARTITION",
      `${topic.name} 0 OFFSET_METADATA_TOO_LARGE`,
      `${topic.name} 1 NONE`,
      `${topic.name} 9 UNKNOWN_TOPIC_OR_PARTITION`,
    ]);
    await ended(producer, true);
    assert.deepEqual([await begins(group, 0), await begins(group, 1)], [-1, 5]);
  });

  test("rule 3: an empty group id is refused, unlike OffsetCommit's", async () => {
    const producer = await Producer.of();
    refused(await producer.commitOffset("", topic.name, 1), "INVALID_GROUP_ID");
    refused(await producer.commitOffset("", topic.name, 1, {}, 0), "INVALID_GROUP_ID");
  });
});

suite("TxnOffsetCommit: whose transaction", { concurrency: true }, () => {
  test("rule 41: without AddOffsetsToTxn it is refused, or adds the group by itself, by its version", async () => {
    const group = fresh("g");
    const producer = await Producer.of();
    for (const version of [0, 1, 2, 3, 4]) {
      const error = version < 4 ? "INVALID_TXN_STATE" : "TRANSACTION_ABORTABLE";
      // Kafka asks its coordinator for several at once, and all are told what the version of the first demands.
      await until(`version ${version} is told ${error}`, async () => {
        const { errorCode } = await producer.commitOffset(group, topic.name, 1, {}, version);
        assert.match(errorName(errorCode), /^(INVALID_TXN_STATE|TRANSACTION_ABORTABLE)$/);
        return errorName(errorCode) === error;
      });
    }
    assert.equal((await producer.describe()).transactionState, "Empty");
    assert.equal(await isListed(group), false);
    accepted(await producer.commitOffset(group, topic.name, 1, {}, 5));
    assert.equal((await producer.describe()).transactionState, "Ongoing");
    accepted(await producer.commitOffset(group, topic.name, 2, {}, 0));
    await ended(producer, true);
    assert.equal(await begins(group), 2);
  });

  test("an epoch that is not the current one is refused, as is an id that is not the transaction's", async () => {
    const group = fresh("g");
    const producer = await producerOf(group);
    accepted(await producer.commitOffset(group, topic.name, 1));
    const old = producer.identity;
    await ended(producer, true);
    accepted(await producer.addOffsets(group));
    accepted(await producer.commitOffset(group, topic.name, 2));
    for (const version of [2, 3, 4, 5]) {
      refused(await producer.commitOffset(group, topic.name, 3, old, version), "INVALID_PRODUCER_EPOCH");
    }
    const other = { producerId: producer.producerId + 1_000_000 };
    refused(await producer.commitOffset(group, topic.name, 3, other), "INVALID_PRODUCER_ID_MAPPING");
    refused(
      await producer.commitOffset(group, topic.name, 3, { ...other, transactionalId: "nobody's" }),
      "INVALID_PRODUCER_ID_MAPPING",
    );
    await ended(producer, true);
    assert.equal(await begins(group), 2);
  });

  test("in __consumer_offsets it is a transactional batch of sequence 0, and a marker", async () => {
    const group = fresh("g");
    const producer = await producerOf(group);
    accepted(await producer.commitOffset(group, topic.name, 1));
    const { producerId, producerEpoch } = producer.identity;
    await ended(producer, true);
    const { topics } = await broker.ask("Metadata", { topics: [{ name: "__consumer_offsets" }] });
    const internal: Topic = { name: "__consumer_offsets", id: accepted(topics[0]).topicId };
    const hash = [...group].reduce((sum, each) => (31 * sum + each.charCodeAt(0)) | 0, 0);
    const set = { partition: Math.abs(hash) % 50, partitionMaxBytes: 50_000_000 };
    const found = batches(accepted(await fetch(broker, internal, 0, set)).records).filter(
      (each) => Number(each.producerId) === producerId,
    );
    const [data, marker] = found.map(({ attributes, baseSequence, records, producerEpoch: epoch }) => {
      return { attributes, baseSequence, records: records.length, epoch: Number(epoch) };
    });
    assert.equal(found.length, 2);
    assert.deepEqual(data, { attributes: 0x10, baseSequence: 0, records: 1, epoch: producerEpoch });
    assert.deepEqual(marker, { attributes: 0x30, baseSequence: -1, records: 1, epoch: producerEpoch + 1 });
  });
});

suite("Offsets of transactions: when they count", { concurrency: true }, () => {
  test("rule 38: they are unstable until the transaction ends, to who asks for what is stable", async () => {
    const group = fresh("g");
    accepted(await commit(broker, group, topic.id, 1));
    const producer = await producerOf(group);
    accepted(await producer.commitOffset(group, topic.name, 5));
    accepted(await producer.commitOffset(group, topic.name, 6, { partitionIndex: 1 }));
    assert.equal(await begins(group), "UNSTABLE_OFFSET_COMMIT");
    assert.equal(await begins(group, 1), "UNSTABLE_OFFSET_COMMIT");
    assert.equal(await begins(group, 2), -1);
    assert.equal(await begins(group, 0, false), 1);
    assert.equal(await begins(group, 1, false), -1);
    for (const [requireStable, told] of [
      [true, "UNSTABLE_OFFSET_COMMIT"],
      [false, "NONE"],
    ] as const) {
      const answer = await broker.ask("OffsetFetch", { groups: [{ groupId: group, topics: null }], requireStable });
      const [all] = accepted(answer.groups[0]).topics;
      assert.deepEqual(
        all.partitions.map((each: Value) => [each.partitionIndex, errorName(each.errorCode)]),
        [[0, told]],
        "an offset that is only pending is not listed",
      );
    }
    await ended(producer, true);
    assert.deepEqual([await begins(group), await begins(group, 1)], [5, 6]);
  });

  test("rule 41: an abort drops them", async () => {
    const group = fresh("g");
    accepted(await commit(broker, group, topic.id, 1));
    const producer = await producerOf(group);
    accepted(await producer.commitOffset(group, topic.name, 5));
    accepted(await producer.commitOffset(group, topic.name, 6, { partitionIndex: 1 }));
    await ended(producer, false);
    assert.deepEqual([await begins(group), await begins(group, 1)], [1, -1]);
  });

  test("rule 41: of a plain commit and a transaction's the one counts that was written last", async () => {
    const group = fresh("g");
    const producer = await producerOf(group);
    accepted(await producer.commitOffset(group, topic.name, 5));
    accepted(await commit(broker, group, topic.id, 6));
    assert.equal(await begins(group), "UNSTABLE_OFFSET_COMMIT");
    await ended(producer, true);
    assert.equal(await begins(group), 6);
    accepted(await producer.commitOffset(group, topic.name, 7));
    accepted(await commit(broker, group, topic.id, 8));
    accepted(await producer.commitOffset(group, topic.name, 9));
    await ended(producer, true);
    assert.equal(await begins(group), 9);
  });

  test("rule 41: of two transactions the one counts that wrote last, not the one that ended last", async () => {
    const group = fresh("g");
    const [p, q] = [await producerOf(group), await producerOf(group)];
    accepted(await p.commitOffset(group, topic.name, 10));
    accepted(await q.commitOffset(group, topic.name, 11));
    await ended(q, true);
    assert.equal(await begins(group), "UNSTABLE_OFFSET_COMMIT");
    assert.equal(await begins(group, 0, false), 11);
    await ended(p, true);
    assert.equal(await begins(group), 11);

    accepted(await p.commitOffset(group, topic.name, 20));
    accepted(await q.commitOffset(group, topic.name, 21));
    accepted(await p.commitOffset(group, topic.name, 22));
    await ended(q, true);
    await ended(p, true);
    assert.equal(await begins(group), 22);

    accepted(await p.commitOffset(group, topic.name, 30));
    accepted(await q.commitOffset(group, topic.name, 31));
    await ended(q, false);
    await ended(p, true);
    assert.equal(await begins(group), 30);
  });

  test("one transaction moves the offsets of several groups as one", async () => {
    const groups = [fresh("g"), fresh("g"), fresh("g")];
    const producer = await Producer.of();
    for (const group of groups) accepted(await producer.commitOffset(group, topic.name, 5));
    for (const group of groups) assert.equal(await begins(group), "UNSTABLE_OFFSET_COMMIT");
    await ended(producer, true);
    for (const group of groups) assert.equal(await begins(group), 5);
  });
});

suite("Offsets of transactions: what deletes them", { concurrency: true }, () => {
  test("rule 40: a group goes with what is pending; the marker finds nothing", async () => {
    const group = fresh("g");
    const producer = await producerOf(group);
    accepted(await producer.commitOffset(group, topic.name, 5));
    accepted((await broker.ask("DeleteGroups", { groupsNames: [group] })).results[0]);
    assert.equal(await begins(group), -1);
    await ended(producer, true);
    assert.equal(await begins(group), -1);
    assert.equal(await isListed(group), false);
  });

  test("rule 40: OffsetDelete takes the pending offset too", async () => {
    const group = fresh("g");
    accepted(await commit(broker, group, topic.id, 1));
    const producer = await producerOf(group);
    accepted(await producer.commitOffset(group, topic.name, 5));
    accepted(await producer.commitOffset(group, topic.name, 6, { partitionIndex: 1 }));
    const topics = [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }];
    accepted(await broker.ask("OffsetDelete", { groupId: group, topics }));
    assert.deepEqual([await begins(group), await begins(group, 1)], [-1, "UNSTABLE_OFFSET_COMMIT"]);
    await ended(producer, true);
    assert.deepEqual([await begins(group), await begins(group, 1)], [-1, 6]);
  });

  test("rule 40: a topic goes with what is pending for it", async () => {
    const group = fresh("g");
    const gone = await createTopic(broker, 1);
    const producer = await producerOf(group);
    accepted(await producer.commitOffset(group, gone.name, 5));
    accepted(await producer.commitOffset(group, topic.name, 6));
    accepted((await broker.ask("DeleteTopics", { topics: [{ name: gone.name }], timeoutMs: 10_000 })).responses[0]);
    const pending = async () => {
      const topics = [{ name: gone.name, partitionIndexes: [0] }];
      const answer = await broker.ask("OffsetFetch", { groups: [{ groupId: group, topics }], requireStable: true }, 9);
      return accepted(answer.groups[0]).topics[0].partitions[0].errorCode !== 0;
    };
    await until("nothing is pending for the topic", async () => !(await pending()));
    assert.equal(await begins(group), "UNSTABLE_OFFSET_COMMIT");
    await ended(producer, true);
    assert.equal(await begins(group), 6);
  });

  test("rule 39: a group that has nothing but what is pending stays until that is decided", async () => {
    const group = fresh("g");
    const connection = await open(tight);
    const there = await createTopic(connection, 1);
    const producer = await producerOf(group, tight);
    accepted(await producer.commitOffset(group, there.name, 5));
    await during(1200, async () => assert.ok(await isListed(group, connection)));
    await ended(producer, false);
    await until("the group is forgotten", async () => !(await isListed(group, connection)));
  });
});
