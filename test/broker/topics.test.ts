import assert from "node:assert/strict";
import { test } from "node:test";
import { CreatePartitions } from "../../src/protocol/apis/create-partitions.ts";
import { CreateTopics } from "../../src/protocol/apis/create-topics.ts";
import { DeleteTopics } from "../../src/protocol/apis/delete-topics.ts";
import { DescribeTopicPartitions } from "../../src/protocol/apis/describe-topic-partitions.ts";
import { Metadata } from "../../src/protocol/apis/metadata.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { type RequestInput, type ResponseOf, zeroUuid } from "../../src/protocol/schema.ts";
import { settle } from "../support/virtual-clock.ts";
import { createTopic, startBroker } from "./harness.ts";

type DescribeTopicPartitionsPage = ResponseOf<typeof DescribeTopicPartitions>;

const timeoutMs = 1000;
const newTopic = (name: string, rest: object = {}) => {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...rest };
};

test("CreateTopics refuses a name that stands twice, and the metadata topic, and makes the others", async () => {
  const client = (await startBroker()).connect();
  const topics = ["twice", "twice", "orders", "__cluster_metadata"].map((name) => newTopic(name));
  const { topics: made } = await client.ask(CreateTopics, 7, { topics, timeoutMs });
  assert.deepEqual(
    made.map(({ name, errorCode, errorMessage }) => [name, errorCode, errorMessage]),
    [
      ["orders", ErrorCode.NONE, null],
      ["twice", ErrorCode.INVALID_REQUEST, "Duplicate topic name."],
      ["__cluster_metadata", ErrorCode.INVALID_REQUEST, "Creation of internal topic __cluster_metadata is prohibited."],
    ],
  );
});

test("version 5 on tells partitions, replicas and all configs of the new topic", async () => {
  const client = (await startBroker({ config: { "num.partitions": "3" } })).connect();
  const configs = [{ name: "retention.ms", value: "77" }];
  const topic = newTopic("orders", { numPartitions: -1, replicationFactor: -1, configs });
  const { topics } = await client.ask(CreateTopics, 5, { topics: [topic], timeoutMs });
  const [made] = topics;
  assert.deepEqual([made!.numPartitions, made!.replicationFactor, made!.configs!.length], [3, 1, 33]);
  const told = made!.configs!.filter(({ name }) => name === "retention.ms" || name === "segment.bytes");
  assert.deepEqual(
    told.map(({ name, value, configSource }) => [name, value, configSource]),
    [
      ["retention.ms", "77", 1],
      ["segment.bytes", "1073741824", 5],
    ],
  );
});

test("a topic that a client asks for is made while it is told that there is none yet", async () => {
  const client = (await startBroker()).connect();
  const ask = async (name: string, allowAutoTopicCreation: boolean) => {
    const { topics } = await client.ask(Metadata, 9, { topics: [{ name }], allowAutoTopicCreation });
    await settle();
    return topics[0]!.errorCode;
  };
  assert.equal(await ask("orders", false), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await ask("orders", true), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await ask("orders", false), ErrorCode.NONE);
  assert.equal(await ask("or ders", true), ErrorCode.INVALID_TOPIC_EXCEPTION);
});

test("auto.create.topics.enable=false makes none", async () => {
  const client = (await startBroker({ config: { "auto.create.topics.enable": "false" } })).connect();
  await client.ask(Metadata, 9, { topics: [{ name: "orders" }], allowAutoTopicCreation: true });
  await settle();
  assert.deepEqual((await client.ask(Metadata, 9, { topics: null })).topics, []);
});

test("Metadata by topic id: from version 12 on, and only one of name and id", async () => {
  const broker = await startBroker();
  const topicId = await createTopic(broker, "orders");
  const ask = async (version: number, topic: { name: string | null; topicId: string }) => {
    const { topics, brokers } = await broker.connect().ask(Metadata, version, { topics: [topic] });
    return [topics[0]!.errorCode, topics[0]!.name, brokers.length];
  };
  assert.deepEqual(await ask(12, { name: null, topicId }), [ErrorCode.NONE, "orders", 1]);
  const unknown = { name: null, topicId: "EREREREREREREREREREREQ" };
  assert.deepEqual(await ask(12, unknown), [ErrorCode.UNKNOWN_TOPIC_ID, null, 1]);
  assert.deepEqual(await ask(10, { name: "", topicId }), [ErrorCode.INVALID_REQUEST, "", 0]);
});

test("DeleteTopics takes names and ids, refuses what cannot be meant, and answers when they are gone", async () => {
  const broker = await startBroker();
  const topicId = await createTopic(broker, "orders");
  await createTopic(broker, "payments");
  const topics = [
    { name: null, topicId },
    { name: "payments", topicId: zeroUuid },
    { name: "payments", topicId: zeroUuid },
    { name: null, topicId: zeroUuid },
    { name: "nothing", topicId: zeroUuid },
  ];
  const { responses } = await broker.connect().ask(DeleteTopics, 6, { topics, timeoutMs });
  assert.deepEqual(
    responses.map(({ name, errorMessage }) => [name, errorMessage]),
    [
      [null, "Neither topic name nor id were specified."],
      ["payments", "Duplicate topic name."],
      ["nothing", "This server does not host this topic-partition."],
      ["orders", null],
    ],
  );
  assert.equal(broker.broker.services.partition("orders", 0).ok, false);
  assert.equal(broker.log.get("orders", 0), undefined);
  assert.ok(broker.log.get("payments", 0));
});

test("a deleted topic's name may be used at once, for another topic", async () => {
  const broker = await startBroker();
  const first = await createTopic(broker, "orders");
  await broker.connect().ask(DeleteTopics, 5, { topicNames: ["orders"], timeoutMs });
  const second = await createTopic(broker, "orders", 2);
  assert.notEqual(second, first);
  assert.equal(broker.log.get("orders", 1)?.topicId, second);
});

test("new partitions can be used when CreatePartitions answers", async () => {
  const broker = await startBroker();
  await createTopic(broker, "orders");
  const topics = [{ name: "orders", count: 3, assignments: null }];
  const { results } = await broker.connect().ask(CreatePartitions, 3, { topics, timeoutMs, validateOnly: false });
  assert.equal(results[0]!.errorCode, ErrorCode.NONE);
  assert.ok(broker.broker.services.partition("orders", 2).ok);
});

test("DescribeTopicPartitions goes through topics by name, a page at a time", async () => {
  const broker = await startBroker();
  for (const name of ["b", "a"]) await createTopic(broker, name, 3);
  const pages: string[] = [];
  let cursor: { topicName: string; partitionIndex: number } | null = { topicName: "", partitionIndex: 0 };
  while (cursor !== null) {
    const request: RequestInput<typeof DescribeTopicPartitions> = { topics: [], responsePartitionLimit: 2, cursor };
    const page: DescribeTopicPartitionsPage = await broker.connect().ask(DescribeTopicPartitions, 0, request);
    pages.push(
      page.topics.map(({ name, partitions }) => `${name}${partitions.map((it) => it.partitionIndex)}`).join(" "),
    );
    cursor = page.nextCursor;
  }
  assert.deepEqual(pages, ["a0,1", "a2 b0", "b1,2"]);
});
