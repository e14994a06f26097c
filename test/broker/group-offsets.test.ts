import assert from "node:assert/strict";
import { test } from "node:test";
import { DeleteTopics } from "../../src/protocol/apis/delete-topics.ts";
import { OffsetCommit } from "../../src/protocol/apis/offset-commit.ts";
import { OffsetDelete } from "../../src/protocol/apis/offset-delete.ts";
import { OffsetFetch } from "../../src/protocol/apis/offset-fetch.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { zeroUuid } from "../../src/protocol/schema.ts";
import { settle } from "../support/virtual-clock.ts";
import { type BrokerUnderTest, createTopic, openCoordinator, startBroker } from "./harness.ts";

const unknownId = "EREREREREREREREREREREQ";
const missing = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;

interface Asked {
  readonly name?: string;
  readonly topicId?: string;
}
type Committed = readonly [topic: Asked, partition: number, offset: number];

async function startWithOrders(): Promise<BrokerUnderTest & { readonly topicId: string }> {
  const under = await startBroker();
  const topicId = await createTopic(under, "orders", 2);
  await openCoordinator(under.connect());
  return { ...under, topicId };
}

async function commit(under: BrokerUnderTest, version: number, offsets: readonly Committed[], member: object = {}) {
  const topics = offsets.map(([topic, partitionIndex, committedOffset]) => {
    return { ...topic, partitions: [{ partitionIndex, committedOffset, committedMetadata: "m" }] };
  });
  const request = { groupId: "billing", memberId: "", topics, ...member };
  const answer = await under.connect().ask(OffsetCommit, version, request);
  return answer.topics.flatMap(({ name, topicId, partitions }) =>
    partitions.map(({ partitionIndex, errorCode }) => `${name || topicId} ${partitionIndex} ${errorCode}`),
  );
}

type Fetched = { readonly partitionIndex: number; readonly committedOffset: number; readonly errorCode: number };

function told(topics: readonly { name: string; topicId?: string; partitions: readonly Fetched[] }[]): string[] {
  return topics.flatMap(({ name, topicId, partitions }) =>
    partitions.map(({ partitionIndex, committedOffset, errorCode }) => {
      return `${name || topicId} ${partitionIndex}: ${errorCode === 0 ? committedOffset : `error ${errorCode}`}`;
    }),
  );
}

test("offsets are committed and fetched in every version", async () => {
  const under = await startWithOrders();
  const { topicId } = under;
  for (let version = 2; version <= 10; version++) {
    const orders = version < 10 ? { name: "orders" } : { topicId };
    assert.deepEqual(await commit(under, version, [[orders, 0, version]]), [`${orders.name ?? topicId} 0 0`]);
  }
  for (let version = 1; version <= 10; version++) {
    const client = under.connect();
    const name = version < 10 ? "orders" : topicId;
    const topics = [{ name: "orders", topicId, partitionIndexes: [0, 1] }];
    const asked = version < 8 ? { groupId: "billing", topics } : { groups: [{ groupId: "billing", topics }] };
    const answer = await client.ask(OffsetFetch, version, asked);
    const fetched = version < 8 ? answer.topics : answer.groups[0]!.topics;
    assert.deepEqual(told(fetched), [`${name} 0: 10`, `${name} 1: -1`]);
    if (version === 1) continue;
    const all = version < 8 ? { groupId: "billing", topics: null } : { groups: [{ groupId: "billing", topics: null }] };
    const allAnswer = await client.ask(OffsetFetch, version, all);
    assert.deepEqual(told(version < 8 ? allAnswer.topics : allAnswer.groups[0]!.topics), [`${name} 0: 10`]);
  }
});

test("rule 1: a group stays where its records are when offsets.topic.num.partitions is another one later", async () => {
  const few = await startBroker({ config: { "offsets.topic.num.partitions": "7" } });
  await createTopic(few, "orders");
  await openCoordinator(few.connect());
  await commit(few, 8, [[{ name: "orders" }, 0, 5]], { generationIdOrMemberEpoch: -1 });
  const many = await startBroker({ log: few.log, config: { "offsets.topic.num.partitions": "50" } });
  await settle();
  const topics = [{ name: "orders", partitionIndexes: [0] }];
  const fetched = await many.connect().ask(OffsetFetch, 7, { groupId: "billing", requireStable: false, topics });
  assert.equal(fetched.topics[0]!.partitions[0]!.committedOffset, 5);
});

test("rule 36: unknown topics and partitions are refused before the group is looked at", async () => {
  const under = await startWithOrders();
  const stranger = { generationIdOrMemberEpoch: 3, memberId: "stranger" };
  const orders = { name: "orders" };
  const answer = await commit(
    under,
    9,
    [
      [{ name: "nope" }, 0, 1],
      [orders, 9, 1],
      [orders, 0, 1],
    ],
    stranger,
  );
  assert.deepEqual(answer, [`nope 0 ${missing}`, `orders 9 ${missing}`, `orders 0 ${ErrorCode.GROUP_ID_NOT_FOUND}`]);
});

test("rule 36: a topic stands in the answer once, whatever its partitions are told", async () => {
  const under = await startWithOrders();
  const partitions = [0, 9].map((partitionIndex) => ({ partitionIndex, committedOffset: 1, committedMetadata: "" }));
  for (let version = 2; version <= 10; version++) {
    const request = {
      groupId: "billing",
      memberId: "",
      topics: [{ name: "orders", topicId: under.topicId, partitions }],
    };
    const { topics } = await under.connect().ask(OffsetCommit, version, request);
    const codes = topics.map((topic) => topic.partitions.map(({ errorCode }) => errorCode));
    assert.deepEqual(codes, [[missing, ErrorCode.NONE]]);
  }
});

test("rule 36: the coordinator is not asked if nothing is left", async () => {
  const under = await startBroker(); // there is no coordinator to ask
  await createTopic(under, "orders");
  assert.deepEqual(await commit(under, 9, [[{ name: "nope" }, 0, 1]]), [`nope 0 ${missing}`]);
  assert.deepEqual(await commit(under, 9, []), []);
  assert.deepEqual(await commit(under, 9, [[{ name: "orders" }, 0, 1]]), [`orders 0 ${ErrorCode.NOT_COORDINATOR}`]);
});

test("rule 36: OffsetCommit v10 tells unknown topic ids from unknown partitions", async () => {
  const under = await startWithOrders();
  const { topicId } = under;
  const answer = await commit(under, 10, [
    [{ topicId }, 1, 5],
    [{ topicId: unknownId }, 0, 5],
    [{}, 0, 5],
    [{ topicId }, 9, 5],
  ]);
  assert.deepEqual(answer, [
    `${unknownId} 0 ${ErrorCode.UNKNOWN_TOPIC_ID}`,
    `${zeroUuid} 0 ${ErrorCode.UNKNOWN_TOPIC_ID}`,
    `${topicId} 9 ${missing}`,
    `${topicId} 1 0`,
  ]);
});

test("rule 38: unknown groups and topics have no offset and no error; v10 refuses unknown ids last", async () => {
  const under = await startWithOrders();
  const { topicId } = under;
  await commit(under, 9, [[{ name: "orders" }, 0, 7]]);
  const client = under.connect();
  const named = await client.ask(OffsetFetch, 9, {
    groups: [
      { groupId: "billing", topics: [{ name: "nope", partitionIndexes: [0] }] },
      { groupId: "stranger", topics: null },
    ],
  });
  assert.deepEqual(
    named.groups.map(({ errorCode, topics }) => [errorCode, ...told(topics)]),
    [[0, "nope 0: -1"], [0]],
  );
  const ids = [unknownId, topicId, zeroUuid];
  const topics = ids.map((id) => ({ topicId: id, partitionIndexes: [0] }));
  const byId = await client.ask(OffsetFetch, 10, { groups: [{ groupId: "billing", topics }] });
  assert.deepEqual(told(byId.groups[0]!.topics), [
    `${topicId} 0: 7`,
    `${unknownId} 0: error ${ErrorCode.UNKNOWN_TOPIC_ID}`,
    `${zeroUuid} 0: error ${ErrorCode.UNKNOWN_TOPIC_ID}`,
  ]);
});

test("rule 38: several groups are fetched at once, in the order asked", async () => {
  const under = await startWithOrders();
  for (const groupId of ["a", "b", ""]) await commit(under, 9, [[{ name: "orders" }, 0, 7]], { groupId });
  const groups = ["b", "", "nope", "a"].map((groupId) => ({ groupId, topics: null }));
  const answer = await under.connect().ask(OffsetFetch, 8, { groups });
  assert.deepEqual(
    answer.groups.map(({ groupId, topics }) => [groupId, topics.length]),
    [
      ["b", 1],
      ["", 1],
      ["nope", 0],
      ["a", 1],
    ],
  );
});

test("an error of the group stands in each partition of OffsetFetch v1, which has no other place for it", async () => {
  const under = await startBroker();
  const topics = [{ name: "orders", partitionIndexes: [0, 1] }];
  const notHere = ErrorCode.NOT_COORDINATOR;
  const v1 = await under.connect().ask(OffsetFetch, 1, { groupId: "billing", topics });
  assert.deepEqual(told(v1.topics), [`orders 0: error ${notHere}`, `orders 1: error ${notHere}`]);
  const v2 = await under.connect().ask(OffsetFetch, 2, { groupId: "billing", topics });
  assert.deepEqual([v2.errorCode, v2.topics], [notHere, []]);
  const v8 = await under.connect().ask(OffsetFetch, 8, { groups: [{ groupId: "billing", topics }] });
  assert.deepEqual([v8.groups[0]!.errorCode, v8.groups[0]!.topics], [notHere, []]);
});

test("offsets beyond 2^53 are taken and come back as Kafka's longs would, to the double's precision", async () => {
  const under = await startWithOrders();
  await commit(under, 9, [[{ name: "orders" }, 0, 2 ** 63]]);
  const groups = [{ groupId: "billing", topics: null }];
  const answer = await under.connect().ask(OffsetFetch, 9, { groups });
  assert.deepEqual(told(answer.groups[0]!.topics), [`orders 0: ${2 ** 63}`]);
});

async function deleteOffsets(
  under: BrokerUnderTest,
  groupId: string,
  partitions: readonly (readonly [string, number])[],
) {
  const topics = partitions.map(([name, partitionIndex]) => ({ name, partitions: [{ partitionIndex }] }));
  const answer = await under.connect().ask(OffsetDelete, 0, { groupId, topics });
  const each = answer.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => `${topic.name} ${errorCode}`));
  return [answer.errorCode, ...each];
}

test("rule 40: OffsetDelete tells an error of the group alone, else one for each partition", async () => {
  const under = await startWithOrders();
  await commit(under, 9, [[{ name: "orders" }, 0, 7]]);
  assert.deepEqual(
    await deleteOffsets(under, "nope", [
      ["nope", 0],
      ["orders", 0],
    ]),
    [ErrorCode.GROUP_ID_NOT_FOUND],
  );
  assert.deepEqual(await deleteOffsets(under, "", []), [ErrorCode.INVALID_GROUP_ID]);
  assert.deepEqual(await deleteOffsets(under, "billing", [["nope", 0]]), [0, `nope ${missing}`]);
  const some = [
    ["orders", 0],
    ["nope", 0],
    ["orders", 9],
  ] as const;
  assert.deepEqual(await deleteOffsets(under, "billing", some), [
    0,
    `nope ${missing}`,
    `orders ${missing}`,
    "orders 0",
  ]);
  const groups = [{ groupId: "billing", topics: null }];
  assert.deepEqual((await under.connect().ask(OffsetFetch, 9, { groups })).groups[0]!.topics, []);
});

test("rule 40: a topic that is deleted takes its committed offsets with it", async () => {
  const under = await startWithOrders();
  await createTopic(under, "payments");
  await commit(under, 9, [
    [{ name: "orders" }, 0, 7],
    [{ name: "payments" }, 0, 8],
  ]);
  await under.connect().ask(DeleteTopics, 5, { topicNames: ["orders"], timeoutMs: 1000 });
  await settle();
  const groups = [{ groupId: "billing", topics: null }];
  const answer = await under.connect().ask(OffsetFetch, 9, { groups });
  assert.deepEqual(told(answer.groups[0]!.topics), ["payments 0: 8"]);
});

test("committed offsets survive a restart", async () => {
  const first = await startWithOrders();
  await commit(first, 9, [[{ name: "orders" }, 1, 42]]);
  await first.broker.stop();
  const under = await startBroker({ log: first.log });
  const groups = [{ groupId: "billing", topics: null }];
  const answer = await under.connect().ask(OffsetFetch, 9, { groups });
  assert.deepEqual(told(answer.groups[0]!.topics), ["orders 1: 42"]);
});
