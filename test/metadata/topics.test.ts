import assert from "node:assert/strict";
import { test } from "node:test";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { contentsOf, type MetadataShard, startedShard, topicOf } from "./metadata-shard.ts";

async function create(shard: MetadataShard, ...topics: Parameters<typeof topicOf>[]) {
  const wanted = topics.map((topic) => topicOf(...topic));
  const results = await shard.ask("CreateTopics", { topics: wanted, validateOnly: false });
  return results.map(({ errorCode, errorMessage }) => ({ errorCode, errorMessage }));
}

test("a topic is made with its partitions and configs, and what was told stands again after a reload", async () => {
  const shard = await startedShard();
  const configs = [{ name: "retention.ms", value: " 01000 " }];
  await create(shard, ["orders", { numPartitions: 3, configs }], ["payments", { numPartitions: -1 }]);
  const orders = shard.image.topic("orders")!;
  assert.equal(orders.partitions.length, 3);
  assert.deepEqual([...shard.image.configs(2, "orders")], [["retention.ms", "1000"]]);
  assert.equal(shard.image.topic("payments")!.partitions.length, 4);
  await shard.ask("DeleteTopics", { topicIds: [shard.image.topic("payments")!.topicId] });

  const before = contentsOf(shard.image);
  const again = contentsOf((await startedShard(shard.log, 2)).image);
  const topics = before.topics.map(({ epochs, ...topic }) => ({ ...topic, epochs: epochs.map((epoch) => epoch + 1) }));
  assert.deepEqual(again, { ...before, topics, brokerEpoch: before.brokerEpoch + 1 });
});

test("each start is a new leader epoch, counted from the topic's creation", async () => {
  const first = await startedShard();
  await create(first, ["old", {}]);
  const second = await startedShard(first.log, 2);
  await create(second, ["young", {}]);
  const third = await startedShard(second.log, 3);
  const epoch = (name: string) => third.image.leaderEpoch(third.image.topic(name)!, 0);
  assert.deepEqual([epoch("old"), epoch("young")], [2, 1]);
});

test("a refused topic says why, in Kafka's words", async () => {
  const shard = await startedShard();
  await create(shard, ["orders", {}], ["a.b", {}]);
  const refusals: [Parameters<typeof topicOf>, keyof typeof ErrorCode, string][] = [
    [["", {}], "INVALID_TOPIC_EXCEPTION", "Topic name is invalid: the empty string is not allowed"],
    [["..", {}], "INVALID_TOPIC_EXCEPTION", "Topic name is invalid: '..' is not allowed"],
    [
      ["a b", {}],
      "INVALID_TOPIC_EXCEPTION",
      "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    [["a_b", {}], "INVALID_TOPIC_EXCEPTION", "Topic 'a_b' collides with existing topic: a.b"],
    [["orders", {}], "TOPIC_ALREADY_EXISTS", "Topic 'orders' already exists."],
    [
      ["t", { numPartitions: 0 }],
      "INVALID_PARTITIONS",
      "Number of partitions was set to an invalid non-positive value.",
    ],
    [
      ["t", { replicationFactor: 0 }],
      "INVALID_REPLICATION_FACTOR",
      "Replication factor must be larger than 0, or -1 to use the default value.",
    ],
    [
      ["t", { replicationFactor: 2 }],
      "INVALID_REPLICATION_FACTOR",
      "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because " +
        "only 1 broker(s) are registered or some brokers have all their log directories cordoned.",
    ],
    [["t", { configs: [{ name: "nope", value: "1" }] }], "INVALID_CONFIG", "Unknown topic config name: nope"],
    [
      ["t", { configs: [{ name: "retention.ms", value: null }] }],
      "INVALID_CONFIG",
      "Null value not supported for topic configs: retention.ms",
    ],
  ];
  for (const [topic, name, message] of refusals) {
    const [result] = await create(shard, topic);
    assert.deepEqual(result, { errorCode: ErrorCode[name], errorMessage: message });
  }
  assert.equal([...shard.image.topics()].length, 2);
});

test("a manual assignment names this broker, once, for partitions without a gap", async () => {
  const shard = await startedShard();
  const manual = (...replicas: (readonly [number, readonly number[]])[]) => ({
    numPartitions: -1,
    replicationFactor: -1,
    assignments: replicas.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
  });
  const given = "The manual partition assignment includes";
  const cases: [Parameters<typeof topicOf>[1], string | null][] = [
    [manual([0, [1]], [1, [1]]), null],
    [manual([0, []]), `${given} an empty replica list.`],
    [manual([0, [2]]), `${given} broker 2, but no such broker is registered.`],
    [manual([0, [1, 1]]), `${given} the broker 1 more than once.`],
    [manual([0, [1]], [2, [1]]), "partitions should be a consecutive 0-based integer sequence"],
    [
      { ...manual([0, [1]]), numPartitions: 1 },
      "A manual partition assignment was specified, but numPartitions was not set to -1.",
    ],
  ];
  for (const [at, [rest, message]] of cases.entries()) {
    const [result] = await create(shard, [`t${at}`, rest]);
    assert.equal(result!.errorMessage, message);
  }
  assert.equal(shard.image.topic("t0")!.partitions.length, 2);
});

test("validateOnly answers as the real thing and changes nothing", async () => {
  const shard = await startedShard();
  const end = shard.log.logEndOffset;
  const [result] = await shard.ask("CreateTopics", { topics: [topicOf("orders")], validateOnly: true });
  assert.equal(result!.errorCode, ErrorCode.NONE);
  assert.equal(shard.image.topic("orders"), undefined);
  assert.equal(shard.log.logEndOffset, end);
});

test("partitions are only ever added", async () => {
  const shard = await startedShard();
  await create(shard, ["orders", { numPartitions: 4 }]);
  const grow = async (count: number, assignments: { brokerIds: number[] }[] | null = null) => {
    const topics = [{ name: "orders", count, assignments }];
    const [result] = await shard.ask("CreatePartitions", { topics, validateOnly: false });
    return result!.errorMessage;
  };
  assert.equal(await grow(3), "The topic orders currently has 4 partition(s); 3 would not be an increase.");
  assert.equal(await grow(4), "Topic already has 4 partition(s).");
  assert.equal(await grow(6), null);
  assert.equal(
    await grow(9, [{ brokerIds: [1] }]),
    "Attempted to add 3 additional partition(s), but only 1 assignment(s) were specified.",
  );
  assert.equal(await grow(7, [{ brokerIds: [1] }]), null);
  assert.equal(shard.image.topic("orders")!.partitions.length, 7);
});

test("a deleted topic takes its configs along, and its name may come back under another id", async () => {
  const shard = await startedShard();
  await create(shard, ["orders", { configs: [{ name: "cleanup.policy", value: "compact" }] }]);
  const { topicId } = shard.image.topic("orders")!;
  const [deleted, unknown] = await shard.ask("DeleteTopics", { topicIds: [topicId, "EREREREREREREREREREREQ"] });
  assert.deepEqual([deleted!.errorCode, unknown!.errorCode], [ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_ID]);
  await create(shard, ["orders", {}]);
  assert.notEqual(shard.image.topic("orders")!.topicId, topicId);
  assert.equal(shard.image.configs(2, "orders").size, 0);
  assert.deepEqual(contentsOf((await startedShard(shard.log, 5)).image).topics.length, 1);
});

test("producer ids come in blocks that no other start gets again", async () => {
  const first = await startedShard();
  const { first: a, count } = await first.ask("AllocateProducerIds", { nodeId: 1 });
  const second = await startedShard(first.log, 2);
  assert.equal((await second.ask("AllocateProducerIds", { nodeId: 1 })).first, a + count);
});

test("more than 10,000 partitions in one request are too many", async () => {
  const shard = await startedShard();
  const [result] = await create(shard, ["orders", { numPartitions: 10_001 }]);
  assert.equal(result!.errorMessage, "Excessively large number of partitions per request.");
});
