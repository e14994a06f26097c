import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { ItemsError } from "../../src/client/admin/attempts.ts";
import { readConfig } from "../../src/client/config.ts";
import type { KafkaError } from "../../src/client/errors.ts";
import { Kafka } from "../../src/client/kafka.ts";
import { openCluster } from "../../src/client/open-cluster.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { CreateTopics } from "../../src/protocol/apis/create-topics.ts";
import { DeleteGroups } from "../../src/protocol/apis/delete-groups.ts";
import { FindCoordinator } from "../../src/protocol/apis/find-coordinator.ts";
import { JoinGroup } from "../../src/protocol/apis/join-group.ts";
import { Metadata } from "../../src/protocol/apis/metadata.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { SyncGroup } from "../../src/protocol/apis/sync-group.ts";
import { encodeAssignment, encodeSubscription } from "../../src/protocol/consumer-protocol.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { encodeBatch } from "../../src/protocol/records/batch.ts";
import { until } from "../interop/support/until.ts";
import { startTestBroker, unique } from "./broker.ts";
import { FakeBroker, topicLedBy } from "./fake-broker.ts";

const bootstrapServers = await startTestBroker();

suite("the admin", () => {
  const admin = new Kafka({ bootstrapServers, clientId: "admin-test", defaultApiTimeoutMs: 10_000 }).admin();
  after(() => admin.close());

  async function newTopic(numPartitions: number): Promise<string> {
    const topic = unique("orders");
    await admin.createTopics([{ topic, numPartitions, replicationFactor: 1 }]);
    return topic;
  }

  /** Values of one partition, whose timestamps are 1000, 2000, … */
  async function produce(topic: string, partition: number, values: readonly string[]): Promise<void> {
    await using cluster = openCluster(readConfig("producer", { bootstrapServers }));
    const records = values.map((value, index) => {
      return { timestamp: 1000 * (index + 1), key: null, value: Buffer.from(value) };
    });
    const batch = encodeBatch({ records }, nodePlatform);
    const data = { topicData: [{ name: topic, partitionData: [{ index: partition, records: batch }] }] };
    const request = { transactionalId: null, acks: -1, timeoutMs: 10_000, ...data };
    await until("the leader takes the records", async () => {
      const answer = await cluster.send({ leader: { topic, partition } }, Produce, request, { versions: [3, 12] });
      return answer.responses[0]?.partitionResponses[0]?.errorCode === 0;
    });
  }

  test("creates topics, lists and describes them, and deletes them", async () => {
    const topic = unique("orders");
    const configs = { "retention.ms": "1000" };
    const [created] = await admin.createTopics([{ topic, numPartitions: 3, replicationFactor: 1, configs }]);
    assert.equal(created?.topic, topic);
    assert.equal(created?.numPartitions, 3);
    assert.equal(created?.topicId.length, 22);
    await until("it is listed", async () => {
      return (await admin.listTopics()).some((each) => each.topic === topic && each.topicId === created?.topicId);
    });
    const [described] = await admin.describeTopics([topic]);
    assert.deepEqual(
      described?.partitions.map(({ partition, isr }) => [partition, isr.length]),
      [
        [0, 1],
        [1, 1],
        [2, 1],
      ],
    );
    await admin.deleteTopics([topic]);
    await until("the topic is gone", () =>
      admin.describeTopics([topic]).then(
        () => false,
        (error: KafkaError) => error.code === "UNKNOWN_TOPIC_OR_PARTITION",
      ),
    );
  });

  test("does what it can of several items, and names those that failed", async () => {
    const old = await newTopic(1);
    const fresh = unique("orders");
    const error = await admin.createTopics([{ topic: old }, { topic: fresh }, { topic: "?" }]).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ItemsError);
    assert.deepEqual(
      error.failures.map(({ item, error }) => [(item as { topic: string }).topic, error.code]),
      [
        [old, "TOPIC_ALREADY_EXISTS"],
        ["?", "INVALID_TOPIC_EXCEPTION"],
      ],
    );
    assert.deepEqual(
      error.results.map((result) => (result as { topic: string }).topic),
      [fresh],
    );
  });

  test("only validates when told so", async () => {
    const topic = unique("orders");
    await admin.createTopics([{ topic, numPartitions: 1 }], { validateOnly: true });
    assert.ok(!(await admin.listTopics()).some((each) => each.topic === topic));
  });

  test("adds partitions", async () => {
    const topic = await newTopic(1);
    await admin.createPartitions([{ topic, count: 4 }]);
    await until("there are four partitions", async () => {
      const [described] = await admin.describeTopics([topic]);
      return described?.partitions.length === 4;
    });
    await assert.rejects(admin.createPartitions([{ topic, count: 2 }]), { code: "INVALID_PARTITIONS" });
  });

  test("describes configs with their source, and alters single keys", async () => {
    const name = await newTopic(1);
    await admin.alterConfigs([{ type: "topic", name, set: { "retention.ms": "5000", "cleanup.policy": "compact" } }]);
    await admin.alterConfigs([
      { type: "topic", name, delete: ["retention.ms"], append: { "cleanup.policy": "delete" } },
    ]);
    const keys = ["retention.ms", "cleanup.policy"];
    const [policy, retention] = await until("the broker knows what was altered", async () => {
      const [described] = await admin.describeConfigs([{ type: "topic", name, keys }], { includeSynonyms: true });
      return described?.entries[0]?.value === "compact,delete" && described.entries;
    });
    assert.equal(policy?.source, "DYNAMIC_TOPIC_CONFIG");
    assert.equal(policy?.type, "LIST");
    assert.equal(policy?.synonyms[0]?.value, "compact,delete");
    assert.equal(retention?.value, "604800000");
    assert.equal(retention?.isDefault, true);
    await assert.rejects(admin.alterConfigs([{ type: "topic", name, set: { "retention.ms": "soon" } }]), {
      code: "INVALID_CONFIG",
    });
  });

  test("lists offsets: the first, the one after the last, by time", async () => {
    const topic = await newTopic(2);
    await produce(topic, 1, ["a", "b", "c"]);
    const specs = ["earliest", "latest", 1500, 9000] as const;
    const listed = await Promise.all(
      specs.map(async (at) => (await admin.listOffsets([{ topic, partition: 1, at }]))[0]!),
    );
    assert.deepEqual(
      listed.map(({ offset, timestamp }) => [offset, timestamp]),
      [
        [0, -1],
        [3, -1],
        [1, 2000],
        [-1, -1],
      ],
    );
    const [empty] = await admin.listOffsets([{ topic, partition: 0, at: "latest" }]);
    assert.equal(empty?.offset, 0);
    await assert.rejects(admin.listOffsets([{ topic, partition: 7, at: "latest" }]), {
      code: "UNKNOWN_TOPIC_OR_PARTITION",
    });
  });

  test("deletes records before an offset", async () => {
    const topic = await newTopic(1);
    await produce(topic, 0, ["a", "b", "c"]);
    assert.deepEqual(await admin.deleteRecords([{ topic, partition: 0, beforeOffset: 2 }]), [
      { topic, partition: 0, lowWatermark: 2 },
    ]);
    await assert.rejects(admin.deleteRecords([{ topic, partition: 0, beforeOffset: 9 }]), {
      code: "OFFSET_OUT_OF_RANGE",
    });
  });

  test("alters, lists and deletes committed offsets", async () => {
    const [topic, group] = [await newTopic(2), unique("billing")];
    await admin.alterGroupOffsets(group, [
      { topic, partition: 0, offset: 7, metadata: "by hand" },
      { topic, partition: 1, offset: 8 },
    ]);
    const [first] = await admin.listGroupOffsets(group, { partitions: [{ topic, partition: 0 }] });
    assert.deepEqual(first, { topic, partition: 0, offset: 7, leaderEpoch: -1, metadata: "by hand" });
    await admin.deleteGroupOffsets(group, [{ topic, partition: 0 }]);
    const left = await admin.listGroupOffsets(group);
    assert.deepEqual(
      left.map(({ partition, offset }) => [partition, offset]),
      [[1, 8]],
    );
    assert.deepEqual(await admin.listGroupOffsets(unique("nobody")), []);
    await admin.deleteGroups([group]);
    await assert.rejects(admin.deleteGroups([group]), { code: "GROUP_ID_NOT_FOUND" });
  });

  test("lists and describes groups, removes their members, and deletes them", async () => {
    const [topic, group] = [await newTopic(1), unique("billing")];
    await using cluster = openCluster(readConfig("consumer", { bootstrapServers, clientId: "member" }));
    await joinAlone(cluster, group, topic);
    const [described] = await admin.describeGroups([group]);
    assert.equal(described?.state, "Stable");
    assert.equal(described?.assignor, "range");
    const [member] = described!.members;
    assert.equal(member?.groupInstanceId, "billing-0");
    assert.equal(member?.clientId, "member");
    assert.deepEqual(member?.assignment, [{ topic, partition: 0 }]);
    assert.deepEqual(member?.subscribedTopics, [topic]);
    const stable = await admin.listGroups({ states: ["Stable"] });
    assert.ok(stable.some(({ groupId, type }) => groupId === group && type.toLowerCase() === "classic"));
    await assert.rejects(admin.deleteGroups([group]), { code: "NON_EMPTY_GROUP" });
    await assert.rejects(admin.removeMembers(group, [{ groupInstanceId: "stranger" }]), { code: "UNKNOWN_MEMBER_ID" });
    await admin.removeMembers(group, "all");
    await admin.deleteGroups([group]);
    await assert.rejects(admin.describeGroups([group]), { code: "GROUP_ID_NOT_FOUND" });
  });

  async function joinAlone(cluster: ReturnType<typeof openCluster>, groupId: string, topic: string): Promise<void> {
    const subscription = { topics: [topic], userData: null, ownedPartitions: [], generationId: -1, rackId: null };
    const joined = await cluster.send({ group: groupId }, JoinGroup, {
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: "",
      groupInstanceId: "billing-0",
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: encodeSubscription(subscription) }],
    });
    assert.equal(joined.errorCode, 0);
    const assignment = encodeAssignment({ assignedPartitions: [{ topic, partitions: [0] }], userData: null });
    const synced = await cluster.send({ group: groupId }, SyncGroup, {
      groupId,
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupInstanceId: "billing-0",
      protocolType: "consumer",
      protocolName: "range",
      assignments: [{ memberId: joined.memberId, assignment }],
    });
    assert.equal(synced.errorCode, 0);
  }

  test("describes the cluster", async () => {
    const { clusterId, controller, brokers } = await admin.describeCluster();
    assert.equal(clusterId?.length, 22);
    assert.ok(brokers.some(({ host, port }) => host.length > 0 && port > 0));
    assert.ok(controller !== undefined);
  });

  test("rejects with the reason of its signal", async () => {
    const reason = new Error("enough");
    await assert.rejects(admin.listTopics({ signal: AbortSignal.abort(reason) }), reason);
  });
});

test("waits for a topic that it has made until the broker it asks knows it, and for no other", async () => {
  await using broker = await FakeBroker.start();
  let asked = 0;
  broker.on(CreateTopics, ({ request }) => ({
    topics: request.topics.map(({ name }) => ({ name, errorCode: 0, errorMessage: null })),
  }));
  broker.on(Metadata, ({ request }) => {
    if (request.topics?.length === 0) return broker.metadata([]);
    asked += 1;
    const isKnown = asked > 2;
    const unknown = { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, partitions: [] };
    return broker.metadata(request.topics!.map(({ name }) => (isKnown ? topicLedBy(1, name!) : { ...unknown, name })));
  });
  await using admin = new Kafka({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 1 }).admin();
  await assert.rejects(admin.describeTopics(["orders"]), { code: "UNKNOWN_TOPIC_OR_PARTITION" });
  assert.equal(asked, 1);
  await admin.createTopics([{ topic: "orders" }]);
  const [described] = await admin.describeTopics(["orders"]);
  assert.equal(described?.partitions.length, 1);
  assert.equal(asked, 3);
});

test("follows the coordinator, and waits while it loads", async () => {
  await using broker = await FakeBroker.start();
  const port = Number(broker.bootstrapServers.split(":")[1]);
  const codes = [ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.NON_EMPTY_GROUP];
  broker.on(FindCoordinator, ({ request }) => ({
    coordinators: request.coordinatorKeys.map((key) => {
      return { key, nodeId: 1, host: "127.0.0.1", port, errorCode: 0, errorMessage: null };
    }),
  }));
  broker.on(DeleteGroups, ({ request }) => ({
    results: request.groupsNames.map((groupId) => ({ groupId, errorCode: codes.shift()! })),
  }));
  await using admin = new Kafka({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 1 }).admin();
  await assert.rejects(admin.deleteGroups(["billing"]), { code: "NON_EMPTY_GROUP" });
  assert.equal(broker.requests.filter(({ api }) => api === FindCoordinator).length, 2);
  assert.equal(broker.requests.filter(({ api }) => api === DeleteGroups).length, 3);
});

test("gives up when the call's time is over, and tells the last error", async () => {
  await using broker = await FakeBroker.start();
  broker.on(CreateTopics, ({ request }) => ({
    topics: request.topics.map(({ name }) => ({ name, errorCode: ErrorCode.NOT_CONTROLLER, errorMessage: null })),
  }));
  await using admin = new Kafka({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 1 }).admin();
  await assert.rejects(admin.createTopics([{ topic: "orders" }], { timeoutMs: 60 }), { code: "NOT_CONTROLLER" });
});
