import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { accepted, createTopic, fresh, open, produce, refused, until } from "../suite.ts";
import { batch } from "../wire/batch.ts";
import type { Value } from "../wire/codec.ts";

const broker = await open();
const TOPIC = 2;
const BROKER = 4;
const [TOPIC_CONFIG, DYNAMIC_BROKER_CONFIG, STATIC_BROKER_CONFIG, DEFAULT_CONFIG] = [1, 2, 4, 5];
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3];

async function describe(type: number, name: string, keys: string[] | null = null, set: Value = {}, version = 4) {
  const resources = [{ resourceType: type, resourceName: name, configurationKeys: keys }];
  return (await broker.ask("DescribeConfigs", { resources, ...set }, version)).results[0];
}

/** One config of a topic. */
async function config(topic: string, name: string): Promise<Value> {
  const answer = accepted(await describe(TOPIC, topic, [name]));
  return answer.configs[0];
}

async function alter(type: number, name: string, configs: [string, number, string | null][], set: Value = {}) {
  const list = configs.map(([name, configOperation, value]) => ({ name, configOperation, value }));
  const resources = [{ resourceType: type, resourceName: name, configs: list }];
  return (await broker.ask("IncrementalAlterConfigs", { resources, ...set })).responses[0];
}

/** Kafka's defaults of every topic config, but for flush.messages: how often a broker syncs is its own choice. */
const defaults = {
  "cleanup.policy": "delete",
  "compression.gzip.level": "-1",
  "compression.lz4.level": "9",
  "compression.type": "producer",
  "compression.zstd.level": "3",
  "delete.retention.ms": "86400000",
  "file.delete.delay.ms": "60000",
  "flush.ms": "9223372036854775807",
  "follower.replication.throttled.replicas": "",
  "index.interval.bytes": "4096",
  "leader.replication.throttled.replicas": "",
  "local.retention.bytes": "-2",
  "local.retention.ms": "-2",
  "max.compaction.lag.ms": "9223372036854775807",
  "max.message.bytes": "1048588",
  "message.timestamp.after.max.ms": "3600000",
  "message.timestamp.before.max.ms": "9223372036854775807",
  "message.timestamp.type": "CreateTime",
  "min.cleanable.dirty.ratio": "0.5",
  "min.compaction.lag.ms": "0",
  "min.insync.replicas": "1",
  preallocate: "false",
  "remote.log.copy.disable": "false",
  "remote.log.delete.on.disable": "false",
  "remote.storage.enable": "false",
  "retention.bytes": "-1",
  "retention.ms": "604800000",
  "segment.bytes": "1073741824",
  "segment.index.bytes": "10485760",
  "segment.jitter.ms": "0",
  "segment.ms": "604800000",
  "unclean.leader.election.enable": "false",
};

suite("DescribeConfigs", { concurrency: true }, () => {
  test("a topic has Kafka's configs, with Kafka's defaults, in every version", async () => {
    const { name } = await createTopic(broker);
    for (const version of [1, 2, 3, 4]) {
      const answer = accepted(await describe(TOPIC, name, null, {}, version));
      const found = answer.configs.map((each: Value) => [each.name, each.value]);
      const rest = found.filter(([key]: [string]) => key !== "flush.messages");
      assert.deepEqual(Object.fromEntries(rest), defaults);
      assert.equal(found.length, rest.length + 1);
      for (const each of answer.configs) assert.deepEqual([each.readOnly, each.isSensitive], [false, false]);
    }
  });

  test("a topic's own config tells so, and what it hides when asked for synonyms", async () => {
    const { name } = await createTopic(broker, 1, { "max.message.bytes": "5000" });
    const found = await config(name, "max.message.bytes");
    assert.deepEqual(
      [found.value, found.configSource, found.configType, found.synonyms],
      ["5000", TOPIC_CONFIG, 3, []],
    );
    const answer = await describe(TOPIC, name, ["max.message.bytes"], { includeSynonyms: true });
    assert.deepEqual(answer.configs[0].synonyms, [
      { name: "max.message.bytes", value: "5000", source: TOPIC_CONFIG },
      { name: "message.max.bytes", value: "1048588", source: DEFAULT_CONFIG },
    ]);
    assert.equal((await config(name, "retention.ms")).configSource, DEFAULT_CONFIG);
  });

  test("only the keys asked for are answered; unknown ones are left out; none are all", async () => {
    const { name } = await createTopic(broker);
    const some = accepted(await describe(TOPIC, name, ["retention.ms", "no.such.key", "segment.bytes"]));
    assert.deepEqual(some.configs.map((each: Value) => each.name).sort(), ["retention.ms", "segment.bytes"]);
    assert.equal(accepted(await describe(TOPIC, name, [])).configs.length, Object.keys(defaults).length + 1);
  });

  test("documentation is told when asked for", async () => {
    const { name } = await createTopic(broker);
    const answer = await describe(TOPIC, name, ["retention.ms"], { includeDocumentation: true });
    assert.ok(answer.configs[0].documentation.length > 20);
    assert.equal((await config(name, "retention.ms")).documentation, null);
  });

  test("unknown topics, impossible names and other brokers are refused", async () => {
    refused(await describe(TOPIC, fresh("unknown")), "UNKNOWN_TOPIC_OR_PARTITION");
    refused(await describe(TOPIC, ""), "INVALID_TOPIC_EXCEPTION");
    refused(await describe(TOPIC, "a b"), "INVALID_TOPIC_EXCEPTION");
    refused(await describe(BROKER, "99"), "INVALID_REQUEST");
    refused(await describe(BROKER, "one"), "INVALID_REQUEST");
    refused(await describe(77, "x"), "INVALID_REQUEST");
  });

  test("a broker tells the settings it was started with, and Kafka's defaults", async () => {
    const { brokers } = await broker.ask("Metadata", { topics: [] });
    const answer = accepted(await describe(BROKER, String(brokers[0].nodeId)));
    const found = new Map<string, Value>(answer.configs.map((each: Value) => [each.name, each]));
    for (const [name, value, source] of [
      ["group.min.session.timeout.ms", "100", STATIC_BROKER_CONFIG],
      ["group.initial.rebalance.delay.ms", "0", STATIC_BROKER_CONFIG],
      ["num.partitions", "4", STATIC_BROKER_CONFIG],
      ["group.max.session.timeout.ms", "1800000", DEFAULT_CONFIG],
      ["group.max.size", "2147483647", DEFAULT_CONFIG],
      ["offsets.topic.num.partitions", "50", DEFAULT_CONFIG],
      ["offset.metadata.max.bytes", "4096", DEFAULT_CONFIG],
      ["offsets.retention.minutes", "10080", DEFAULT_CONFIG],
      ["offsets.retention.check.interval.ms", "600000", DEFAULT_CONFIG],
      ["auto.create.topics.enable", "true", DEFAULT_CONFIG],
      ["socket.request.max.bytes", "104857600", DEFAULT_CONFIG],
      ["message.max.bytes", "1048588", DEFAULT_CONFIG],
      ["max.connections", "2147483647", DEFAULT_CONFIG],
      ["max.connections.per.ip", "2147483647", DEFAULT_CONFIG],
      ["connections.max.idle.ms", "600000", DEFAULT_CONFIG],
      ["log.retention.hours", "168", DEFAULT_CONFIG],
      ["log.retention.bytes", "-1", DEFAULT_CONFIG],
      ["log.segment.bytes", "1073741824", DEFAULT_CONFIG],
      ["log.cleanup.policy", "delete", DEFAULT_CONFIG],
      ["log.retention.check.interval.ms", "300000", DEFAULT_CONFIG],
    ] as const) {
      const each = found.get(name);
      assert.deepEqual([each?.value, each?.configSource], [value, source], name);
    }
    assert.equal(found.get("group.max.size").readOnly, true);
  });
});

suite("IncrementalAlterConfigs, AlterConfigs", { concurrency: true }, () => {
  const becomes = (topic: string, name: string, value: string, source: number) =>
    until(`${name} of ${topic} is ${value}`, async () => {
      const found = await config(topic, name);
      return found.value === value && found.configSource === source;
    });

  test("a config is set, works, and is deleted again", async () => {
    const topic = await createTopic(broker);
    const large = batch([{ value: "x".repeat(3000) }]);
    accepted(await produce(broker, topic, large));
    accepted(await alter(TOPIC, topic.name, [["max.message.bytes", SET, "2000"]]));
    await becomes(topic.name, "max.message.bytes", "2000", TOPIC_CONFIG);
    await until("it works", async () => (await produce(broker, topic, large)).errorCode === 10);
    accepted(await alter(TOPIC, topic.name, [["max.message.bytes", DELETE, null]]));
    await becomes(topic.name, "max.message.bytes", "1048588", DEFAULT_CONFIG);
    await until("it works no more", async () => (await produce(broker, topic, large)).errorCode === 0);
  });

  test("lists are appended to and subtracted from", async () => {
    const { name } = await createTopic(broker);
    accepted(await alter(TOPIC, name, [["cleanup.policy", APPEND, "compact"]]));
    await becomes(name, "cleanup.policy", "delete,compact", TOPIC_CONFIG);
    accepted(await alter(TOPIC, name, [["cleanup.policy", APPEND, "compact"]])); // it has it already
    await becomes(name, "cleanup.policy", "delete,compact", TOPIC_CONFIG);
    accepted(await alter(TOPIC, name, [["cleanup.policy", SUBTRACT, "delete"]]));
    await becomes(name, "cleanup.policy", "compact", TOPIC_CONFIG);
    refused(await alter(TOPIC, name, [["retention.ms", APPEND, "1"]]), "INVALID_CONFIG");
  });

  test("what cannot be set is refused with the reason, and nothing of it is set", async () => {
    const { name } = await createTopic(broker);
    for (const [configs, error] of [
      [[["retention.ms", SET, "soon"]], "INVALID_CONFIG"],
      [[["retention.ms", SET, null]], "INVALID_REQUEST"],
      [[["no.such.config", SET, "1"]], "INVALID_CONFIG"],
      [[["segment.bytes", SET, "1"]], "INVALID_CONFIG"],
      [[["max.message.bytes", SET, "-1"]], "INVALID_CONFIG"],
      [[["min.cleanable.dirty.ratio", SET, "1.5"]], "INVALID_CONFIG"],
      [[["compression.type", SET, "zip"]], "INVALID_CONFIG"],
      [[["message.timestamp.type", SET, "Never"]], "INVALID_CONFIG"],
      [
        [
          ["segment.ms", SET, "5"],
          ["retention.ms", SET, "x"],
        ],
        "INVALID_CONFIG",
      ],
      [
        [
          ["retention.ms", SET, "1"],
          ["retention.ms", SET, "2"],
        ],
        "INVALID_REQUEST",
      ],
    ] as [[string, number, string | null][], string][]) {
      const answer = await alter(TOPIC, name, configs);
      refused(answer, error);
      assert.ok(answer.errorMessage, JSON.stringify(configs));
    }
    const answer = accepted(await describe(TOPIC, name));
    assert.ok(answer.configs.every((each: Value) => each.configSource !== TOPIC_CONFIG));
  });

  test("the time after which producers are forgotten may be altered while the broker runs", async () => {
    const name = "producer.id.expiration.ms";
    const { brokers } = await broker.ask("Metadata", { topics: [] });
    const id = String(brokers[0].nodeId);
    const found = async () => accepted(await describe(BROKER, id, [name])).configs[0];
    const becomes = (value: string, source: number) =>
      until(`${name} is ${value}`, async () => {
        const { value: now, configSource, readOnly } = await found();
        return now === value && configSource === source && readOnly === false;
      });
    await becomes("86400000", DEFAULT_CONFIG);
    accepted(await alter(BROKER, id, [[name, SET, "86400001"]]));
    await becomes("86400001", DYNAMIC_BROKER_CONFIG);
    refused(await alter(BROKER, id, [[name, SET, "0"]]), "INVALID_REQUEST");
    accepted(await alter(BROKER, id, [[name, DELETE, null]]));
    await becomes("86400000", DEFAULT_CONFIG);
  });

  test("validate only changes nothing", async () => {
    const { name } = await createTopic(broker);
    accepted(await alter(TOPIC, name, [["retention.ms", SET, "5"]], { validateOnly: true }));
    refused(await alter(TOPIC, name, [["retention.ms", SET, "x"]], { validateOnly: true }), "INVALID_CONFIG");
    accepted(await alter(TOPIC, name, [["segment.ms", SET, "7777"]]));
    await becomes(name, "segment.ms", "7777", TOPIC_CONFIG);
    assert.equal((await config(name, "retention.ms")).configSource, DEFAULT_CONFIG);
  });

  test("unknown resources are refused; one that stands twice is refused twice", async () => {
    refused(await alter(TOPIC, fresh("unknown"), [["retention.ms", SET, "1"]]), "UNKNOWN_TOPIC_OR_PARTITION");
    refused(await alter(TOPIC, "", [["retention.ms", SET, "1"]]), "INVALID_REQUEST");
    refused(await alter(99, "x", [["retention.ms", SET, "1"]]), "INVALID_REQUEST");
    refused(await alter(BROKER, "99", [["log.retention.ms", SET, "100000"]]), "INVALID_REQUEST");
    refused(await alter(BROKER, "1", [["node.id", SET, "9"]]), "INVALID_REQUEST");
    const { name } = await createTopic(broker);
    const configs = [{ name: "retention.ms", configOperation: SET, value: "1" }];
    const resource = { resourceType: TOPIC, resourceName: name, configs };
    const answer = await broker.ask("IncrementalAlterConfigs", { resources: [resource, resource] });
    for (const each of answer.responses) refused(each, "INVALID_REQUEST");
  });

  test("AlterConfigs replaces all configs of a topic, in every version", async () => {
    const { name } = await createTopic(broker, 1, { "retention.ms": "1000", "segment.ms": "2000" });
    for (const version of [0, 1, 2]) {
      const configs = [{ name: "retention.ms", value: `${4000 + version}` }];
      const resources = [{ resourceType: TOPIC, resourceName: name, configs }];
      accepted((await broker.ask("AlterConfigs", { resources }, version)).responses[0]);
      await becomes(name, "retention.ms", `${4000 + version}`, TOPIC_CONFIG);
      assert.equal((await config(name, "segment.ms")).configSource, DEFAULT_CONFIG);
    }
    const resources = [{ resourceType: TOPIC, resourceName: name, configs: [{ name: "retention.ms", value: null }] }];
    refused((await broker.ask("AlterConfigs", { resources })).responses[0], "INVALID_REQUEST");
  });
});

suite("ListConfigResources", { concurrency: true }, () => {
  test("topics and brokers are listed from version 1 on; version 0 knows client metrics alone", async () => {
    const { name } = await createTopic(broker);
    assert.deepEqual(accepted(await broker.ask("ListConfigResources", {}, 0)).configResources, []);
    const all = accepted(await broker.ask("ListConfigResources", { resourceTypes: [] }, 1)).configResources;
    const has = (type: number, name: string) =>
      all.some((each: Value) => each.resourceType === type && each.resourceName === name);
    assert.ok(has(TOPIC, name) && has(BROKER, "1"));
    const brokers = accepted(await broker.ask("ListConfigResources", { resourceTypes: [BROKER] }, 1));
    assert.deepEqual(brokers.configResources, [{ resourceName: "1", resourceType: BROKER }]);
    refused(await broker.ask("ListConfigResources", { resourceTypes: [77] }, 1), "UNSUPPORTED_VERSION");
  });
});
