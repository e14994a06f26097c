import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { accepted, createTopic, fresh, main, open, produce, refused, tight, until } from "../suite.ts";
import { batch } from "../wire/batch.ts";
import { type Value, zeroUuid } from "../wire/codec.ts";
import { versionsOf } from "../wire/schemas.ts";

const broker = await open();
const [host, port] = [main.slice(0, main.lastIndexOf(":")), Number(main.slice(main.lastIndexOf(":") + 1))];
const nowhere = "AAAAAAAAAAAAAAAAAAAAQQ";

suite("Metadata", { concurrency: true }, () => {
  const ask = async (names: string[], set: Value = {}, version?: number): Promise<Value[]> => {
    const topics = names.map((name) => ({ name }));
    return (await broker.ask("Metadata", { allowAutoTopicCreation: false, topics, ...set }, version)).topics;
  };

  test("every version names the broker, and a topic with its partitions", async () => {
    const topic = await createTopic(broker, 2);
    const [low, high] = versionsOf("Metadata");
    for (let version = low; version <= high; version++) {
      const answer = await broker.ask("Metadata", { topics: [{ name: topic.name }] }, version);
      assert.deepEqual(
        answer.brokers.map((each: Value) => [each.host, each.port]),
        [[host, port]],
      );
      const { nodeId } = answer.brokers[0];
      if (version >= 1) assert.equal(answer.controllerId, nodeId);
      if (version >= 2) assert.ok(answer.clusterId.length > 0);
      const [found] = answer.topics;
      assert.deepEqual([found.errorCode, found.name], [0, topic.name]);
      if (version >= 1) assert.equal(found.isInternal, false);
      if (version >= 10) assert.equal(found.topicId, topic.id);
      const partitions = found.partitions.map((each: Value) => [each.partitionIndex, each.leaderId, each.replicaNodes]);
      assert.deepEqual(partitions, [
        [0, nodeId, [nodeId]],
        [1, nodeId, [nodeId]],
      ]);
      assert.deepEqual(found.partitions[0].isrNodes, [nodeId]);
      if (version >= 5) assert.deepEqual(found.partitions[0].offlineReplicas, []);
      if (version >= 7) assert.equal(found.partitions[0].leaderEpoch, 0);
    }
  });

  test("null topics are all, in version 0 the empty list is; else it is none", async () => {
    const topic = await createTopic(broker);
    const has = (answer: Value) => answer.topics.some((each: Value) => each.name === topic.name);
    assert.ok(has(await broker.ask("Metadata", { topics: [] }, 0)));
    for (const version of [1, 8, 12, 13]) {
      assert.ok(has(await broker.ask("Metadata", { topics: null }, version)));
      assert.deepEqual((await broker.ask("Metadata", { topics: [] }, version)).topics, []);
    }
  });

  test("an unknown topic is told, and not made unless asked", async () => {
    const name = fresh("unknown");
    for (const version of [4, 8, 12]) {
      const [found] = await ask([name], {}, version);
      refused(found, "UNKNOWN_TOPIC_OR_PARTITION");
      assert.deepEqual([found.name, found.partitions], [name, []]);
    }
  });

  test("an unknown topic is made when asked, with num.partitions; before version 4 always", async () => {
    for (const version of [1, 3, 4, 9, 13]) {
      const name = fresh("auto");
      const [first] = await ask([name], { allowAutoTopicCreation: true }, version);
      assert.ok([0, 3, 5].includes(first.errorCode), `error ${first.errorCode}`); // not yet, or without a leader yet
      const made = await until(`${name} is made`, async () => {
        const [found] = await ask([name], {}, 13);
        return found.errorCode === 0 && found;
      });
      assert.equal(made.partitions.length, 4);
    }
  });

  test("auto.create.topics.enable=false makes none", async () => {
    const connection = await open(tight);
    const topics = [{ name: fresh("unknown") }];
    for (let i = 0; i < 3; i++) {
      const answer = await connection.ask("Metadata", { topics, allowAutoTopicCreation: true });
      refused(answer.topics[0], "UNKNOWN_TOPIC_OR_PARTITION");
    }
  });

  test("a name that no topic may have is told", async () => {
    for (const name of ["a b", "..", "x".repeat(250), "a/b", ""]) {
      const [found] = await ask([name], { allowAutoTopicCreation: true });
      refused(found, "INVALID_TOPIC_EXCEPTION");
    }
  });

  test("topics are asked for by their id", async () => {
    const topic = await createTopic(broker);
    const topics = [
      { topicId: topic.id, name: null },
      { topicId: nowhere, name: null },
    ];
    for (const version of [12, 13]) {
      const answer = await broker.ask("Metadata", { topics }, version);
      const byId = new Map<string, Value>(answer.topics.map((each: Value) => [each.topicId, each]));
      assert.equal(accepted(byId.get(topic.id)).name, topic.name);
      refused(byId.get(nowhere), "UNKNOWN_TOPIC_ID");
      assert.equal(byId.get(nowhere).name, null);
    }
  });

  test("authorized operations are told when asked for", async () => {
    const topic = await createTopic(broker);
    const body = { topics: [{ name: topic.name }], includeTopicAuthorizedOperations: true };
    const answer = await broker.ask("Metadata", body);
    assert.equal(answer.topics[0].topicAuthorizedOperations, 0b110111111000);
    const silent = await broker.ask("Metadata", { topics: [{ name: topic.name }] });
    assert.equal(silent.topics[0].topicAuthorizedOperations, -2147483648);
  });
});

suite("CreateTopics", { concurrency: true }, () => {
  const create = async (topic: Value, set: Value = {}, version?: number): Promise<Value> => {
    const each = { name: fresh("t"), numPartitions: 1, replicationFactor: 1, ...topic };
    return (await broker.ask("CreateTopics", { topics: [each], timeoutMs: 10_000, ...set }, version)).topics[0];
  };

  test("every version makes a topic", async () => {
    const [low, high] = versionsOf("CreateTopics");
    for (let version = low; version <= high; version++) {
      const answer = accepted(await create({ numPartitions: 3 }, {}, version));
      if (version >= 5) assert.deepEqual([answer.numPartitions, answer.replicationFactor], [3, 1]);
      if (version >= 7) assert.notEqual(answer.topicId, zeroUuid);
    }
  });

  test("-1 partitions and replicas are the broker's defaults", async () => {
    const answer = accepted(await create({ numPartitions: -1, replicationFactor: -1 }));
    assert.deepEqual([answer.numPartitions, answer.replicationFactor], [4, 1]);
  });

  test("from version 5 on the configs are answered, with where they come from", async () => {
    const configs = [{ name: "retention.ms", value: "1234" }];
    const answer = accepted(await create({ configs }));
    const found = new Map<string, Value>(answer.configs.map((each: Value) => [each.name, each]));
    assert.deepEqual([found.get("retention.ms").value, found.get("retention.ms").configSource], ["1234", 1]);
    assert.deepEqual([found.get("cleanup.policy").value, found.get("cleanup.policy").configSource], ["delete", 5]);
  });

  test("validate only makes nothing", async () => {
    const name = fresh("t");
    const answer = accepted(await create({ name, numPartitions: 2 }, { validateOnly: true }));
    assert.equal(answer.numPartitions, 2);
    const { topics } = await broker.ask("Metadata", { topics: [{ name }], allowAutoTopicCreation: false });
    refused(topics[0], "UNKNOWN_TOPIC_OR_PARTITION");
    refused(await create({ name, numPartitions: 0 }, { validateOnly: true }), "INVALID_PARTITIONS");
  });

  test("what cannot be made is refused with the reason", async () => {
    const taken = await createTopic(broker);
    for (const [topic, error] of [
      [{ name: taken.name }, "TOPIC_ALREADY_EXISTS"],
      [{ name: "a b" }, "INVALID_TOPIC_EXCEPTION"],
      [{ name: "" }, "INVALID_TOPIC_EXCEPTION"],
      [{ name: "." }, "INVALID_TOPIC_EXCEPTION"],
      [{ name: "x".repeat(250) }, "INVALID_TOPIC_EXCEPTION"],
      [{ name: taken.name.replace("-", ".") }, "NONE"],
      [{ name: taken.name.replace("-", "_") }, "INVALID_TOPIC_EXCEPTION"], // collides in metric names
      [{ numPartitions: 0 }, "INVALID_PARTITIONS"],
      [{ numPartitions: -5 }, "INVALID_PARTITIONS"],
      [{ replicationFactor: 0 }, "INVALID_REPLICATION_FACTOR"],
      [{ replicationFactor: 2 }, "INVALID_REPLICATION_FACTOR"],
      [{ configs: [{ name: "no.such.config", value: "1" }] }, "INVALID_CONFIG"],
      [{ configs: [{ name: "retention.ms", value: "soon" }] }, "INVALID_CONFIG"],
      [{ configs: [{ name: "retention.ms", value: null }] }, "INVALID_CONFIG"],
      [{ configs: [{ name: "cleanup.policy", value: "burn" }] }, "INVALID_CONFIG"],
    ] as const) {
      const answer = await create(topic);
      refused(answer, error);
      if (error !== "NONE") assert.ok(answer.errorMessage, JSON.stringify(topic));
    }
  });

  test("replicas are assigned by hand", async () => {
    const { brokers } = await broker.ask("Metadata", { topics: [] });
    const { nodeId } = brokers[0];
    const assign = (...lists: number[][]) => ({
      numPartitions: -1,
      replicationFactor: -1,
      assignments: lists.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    });
    assert.equal(accepted(await create(assign([nodeId], [nodeId]))).numPartitions, 2);
    refused(await create(assign([nodeId + 77])), "INVALID_REPLICA_ASSIGNMENT");
    refused(await create({ ...assign([nodeId]), numPartitions: 1 }), "INVALID_REQUEST");
    const gap = [{ partitionIndex: 1, brokerIds: [nodeId] }];
    refused(await create({ ...assign(), assignments: gap }), "INVALID_REPLICA_ASSIGNMENT");
  });

  test("a name that stands twice in a request is refused twice, the others are made", async () => {
    const [twice, once] = [fresh("t"), fresh("t")];
    const topics = [twice, once, twice].map((name) => ({ name, numPartitions: 1, replicationFactor: 1 }));
    const answer = await broker.ask("CreateTopics", { topics, timeoutMs: 10_000 });
    const codes = new Map(answer.topics.map((each: Value) => [each.name, each.errorCode]));
    assert.deepEqual([codes.get(twice), codes.get(once)], [42, 0]);
  });
});

suite("DeleteTopics, CreatePartitions", { concurrency: true }, () => {
  test("every version deletes a topic; then nobody knows it", async () => {
    const [low, high] = versionsOf("DeleteTopics");
    for (let version = low; version <= high; version++) {
      const { name } = await createTopic(broker);
      const body = version < 6 ? { topicNames: [name] } : { topics: [{ name }] };
      const answer = await broker.ask("DeleteTopics", { ...body, timeoutMs: 10_000 }, version);
      assert.equal(accepted(answer.responses[0]).name, name);
      await until(`${name} is gone`, async () => {
        const { topics } = await broker.ask("Metadata", { topics: [{ name }], allowAutoTopicCreation: false });
        return topics[0].errorCode === 3;
      });
    }
  });

  test("a topic is deleted by its id; made again it has another, and is empty", async () => {
    const topic = await createTopic(broker);
    accepted(await produce(broker, topic, batch([{ value: "x" }])));
    const topics = [
      { name: null, topicId: topic.id },
      { name: null, topicId: nowhere },
    ];
    const answer = await broker.ask("DeleteTopics", { topics, timeoutMs: 10_000 });
    const byId = new Map<string, Value>(answer.responses.map((each: Value) => [each.topicId, each]));
    assert.equal(accepted(byId.get(topic.id)).name, topic.name);
    refused(byId.get(nowhere), "UNKNOWN_TOPIC_ID");
    const again = await until("its name is free", async () => {
      const made = { name: topic.name, numPartitions: 1, replicationFactor: 1 };
      const { topics } = await broker.ask("CreateTopics", { topics: [made], timeoutMs: 10_000 });
      return topics[0].errorCode === 0 && topics[0];
    });
    assert.notEqual(again.topicId, topic.id);
    await until("it is led", async () => {
      const appended = await produce(broker, { name: topic.name, id: again.topicId }, batch([{ value: "y" }]));
      return appended.errorCode === 0 && appended.baseOffset === 0;
    });
    refused(await produce(broker, topic, batch([{ value: "x" }])), "UNKNOWN_TOPIC_ID");
  });

  test("an unknown topic, and one that stands twice, is told", async () => {
    const name = fresh("unknown");
    const answer = await broker.ask("DeleteTopics", { topics: [{ name }], timeoutMs: 10_000 });
    refused(answer.responses[0], "UNKNOWN_TOPIC_OR_PARTITION");
    const topic = await createTopic(broker);
    const twice = [{ name: topic.name }, { name: topic.name }];
    const second = await broker.ask("DeleteTopics", { topics: twice, timeoutMs: 10_000 });
    for (const each of second.responses) refused(each, "INVALID_REQUEST");
  });

  test("a topic gets more partitions, never fewer", async () => {
    const [low, high] = versionsOf("CreatePartitions");
    const topic = await createTopic(broker, 2);
    const grow = async (count: number, set: Value = {}, version = high, name = topic.name): Promise<Value> => {
      const topics = [{ name, count, assignments: null }];
      return (await broker.ask("CreatePartitions", { topics, timeoutMs: 10_000, ...set }, version)).results[0];
    };
    refused(await grow(1), "INVALID_PARTITIONS");
    refused(await grow(2), "INVALID_PARTITIONS");
    refused(await grow(3, {}, high, fresh("unknown")), "UNKNOWN_TOPIC_OR_PARTITION");
    accepted(await grow(9, { validateOnly: true }));
    for (let version = low; version <= high; version++) accepted(await grow(3 + version, {}, version));
    const count = 3 + high;
    await until("all are led", async () => {
      const { topics } = await broker.ask("Metadata", { topics: [{ name: topic.name }] });
      return topics[0].partitions.length === count && topics[0].partitions.every((each: Value) => each.leaderId >= 0);
    });
    await until("the last takes records", async () => {
      const appended = await produce(broker, topic, batch([{ value: "x" }]), { partition: count - 1 });
      return appended.errorCode === 0;
    });
  });
});

suite("Describing topics, logs and the cluster", { concurrency: true }, () => {
  test("DescribeTopicPartitions walks through topics in order, as far as the limit", async () => {
    const prefix = fresh("p");
    const topics = [];
    for (const letter of ["a", "b"]) topics.push(await createTopic(broker, 3, {}, `${prefix}-${letter}`));
    const names = [...topics].reverse().map(({ name }) => ({ name }));
    const ask = (cursor: Value) =>
      broker.ask("DescribeTopicPartitions", { topics: names, responsePartitionLimit: 4, cursor });
    const first = await ask(null);
    const count = (answer: Value) => answer.topics.map((each: Value) => [each.name, each.partitions.length]);
    assert.deepEqual(count(first), [
      [topics[0]!.name, 3],
      [topics[1]!.name, 1],
    ]);
    assert.deepEqual(first.nextCursor, { topicName: topics[1]!.name, partitionIndex: 1 });
    assert.equal(first.topics[0].topicId, topics[0]!.id);
    const rest = await ask(first.nextCursor);
    assert.deepEqual(count(rest), [[topics[1]!.name, 2]]);
    assert.equal(rest.nextCursor, null);
    const unknown = await broker.ask("DescribeTopicPartitions", { topics: [{ name: fresh("x") }] });
    refused(unknown.topics[0], "UNKNOWN_TOPIC_OR_PARTITION");
  });

  test("DescribeCluster names cluster, controller and broker in every version", async () => {
    const { clusterId } = await broker.ask("Metadata", { topics: [] });
    const [low, high] = versionsOf("DescribeCluster");
    for (let version = low; version <= high; version++) {
      const answer = accepted(await broker.ask("DescribeCluster", { endpointType: 1 }, version));
      assert.equal(answer.clusterId, clusterId);
      assert.deepEqual(
        answer.brokers.map((each: Value) => [each.host, each.port]),
        [[host, port]],
      );
      assert.equal(answer.controllerId, answer.brokers[0].brokerId);
    }
  });

  test("DescribeLogDirs tells the size of each log in every version", async () => {
    const topic = await createTopic(broker, 2);
    const records = batch([{ value: "x".repeat(1000) }]);
    accepted(await produce(broker, topic, records));
    const [low, high] = versionsOf("DescribeLogDirs");
    for (let version = low; version <= high; version++) {
      const topics = [{ topic: topic.name, partitions: [0, 1] }];
      const answer = await broker.ask("DescribeLogDirs", { topics }, version);
      if (version >= 3) accepted(answer);
      const [dir] = answer.results;
      accepted(dir);
      const sizes = dir.topics[0].partitions.map((each: Value) => [each.partitionIndex, each.partitionSize]);
      assert.deepEqual(sizes.sort(), [
        [0, records.length],
        [1, 0],
      ]);
      assert.ok(dir.topics[0].partitions.every((each: Value) => each.offsetLag === 0 && !each.isFutureKey));
      if (version >= 4) assert.ok(dir.totalBytes !== 0 && dir.usableBytes !== 0); // -1: unknown
    }
  });

  test("there is nobody who authorizes, and no quota", async () => {
    const any = { resourceTypeFilter: 1, patternTypeFilter: 1, operation: 1, permissionType: 1 };
    refused(await broker.ask("DescribeAcls", any), "SECURITY_DISABLED");
    for (const version of [0, 1]) {
      const quotas = accepted(await broker.ask("DescribeClientQuotas", { components: [], strict: false }, version));
      assert.deepEqual(quotas.entries, []);
    }
  });

  test("no partition is being reassigned, no transaction is of a producer that nobody is", async () => {
    const reassignments = accepted(await broker.ask("ListPartitionReassignments", { topics: null }));
    assert.deepEqual(reassignments.topics, []);
    const nobodys = { producerIdFilters: [1_000_000_000] }; // other cases open transactions meanwhile
    for (const version of [0, 1, 2]) {
      const transactions = accepted(await broker.ask("ListTransactions", nobodys, version));
      assert.deepEqual(transactions.transactionStates, []);
    }
    const unknown = await broker.ask("ListTransactions", { stateFilters: ["Dancing", "Ongoing"] });
    assert.deepEqual(unknown.unknownStateFilters, ["Dancing"]);
  });
});
