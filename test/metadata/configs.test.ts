import assert from "node:assert/strict";
import { test } from "node:test";
import { resourceTypes } from "../../src/metadata/image.ts";
import type { AlterOperation } from "../../src/metadata/requests.ts";
import { topicConfigKey, validateTopicConfigs } from "../../src/metadata/topic-configs.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { startedShard, topicOf } from "./metadata-shard.ts";

const inForce = (name: string) => topicConfigKey(name)!.key.default!;

/** What a real Kafka 4.3.1 said to each. */
const refusals: [name: string, value: string, message: string][] = [
  ["retention.ms", "abc", "Not a number of type LONG"],
  ["retention.ms", "-5", "Value must be at least -1"],
  ["compression.type", "GZIP", "String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer"],
  ["cleanup.policy", "DELETE", "String must be one of: compact, delete"],
  ["segment.bytes", "10", "Value must be at least 1048576"],
  ["segment.bytes", "99999999999", "Not a number of type INT"],
  ["min.cleanable.dirty.ratio", "x", "Not a number of type DOUBLE"],
  ["preallocate", "maybe", "Expected value to be either true or false"],
  ["message.timestamp.type", "foo", "String must be one of: CreateTime, LogAppendTime"],
  ["max.message.bytes", "-1", "Value must be at least 0"],
  ["compression.zstd.level", "99", "Value must be no more than 22"],
  ["compression.gzip.level", "0", "Value must be between 1 and 9 or equal to -1"],
  ["min.insync.replicas", "0", "Value must be at least 1"],
  ["segment.ms", "0", "Value must be at least 1"],
  ["retention.ms", "9223372036854775808", "Not a number of type LONG"],
];

for (const [name, value, message] of refusals) {
  test(`${name}=${value} is refused: ${message}`, () => {
    assert.throws(() => validateTopicConfigs(new Map([[name, value]]), inForce), {
      message: `Invalid value ${value} for configuration ${name}: ${message}`,
    });
  });
}

test("a double is told as Java prints it, a list in brackets", () => {
  assert.throws(() => validateTopicConfigs(new Map([["min.cleanable.dirty.ratio", "2"]]), inForce), {
    message: "Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1",
  });
  assert.throws(() => validateTopicConfigs(new Map([["leader.replication.throttled.replicas", "foo"]]), inForce), {
    message: /^Invalid value \[foo\] for configuration leader\.replication\.throttled\.replicas: /,
  });
});

test("lags that contradict each other are refused", () => {
  const lags = new Map([
    ["min.compaction.lag.ms", "10"],
    ["max.compaction.lag.ms", "5"],
  ]);
  assert.throws(() => validateTopicConfigs(lags, inForce), {
    message: "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)",
  });
});

test("a config that this broker does not act on is refused unless it is the default", () => {
  const preallocate = (value: string) => () => validateTopicConfigs(new Map([["preallocate", value]]), inForce);
  assert.doesNotThrow(preallocate("false"));
  assert.throws(preallocate("true"), /regroup takes only its default here, false/);
  assert.throws(() => validateTopicConfigs(new Map([["remote.storage.enable", "true"]]), inForce), {
    message:
      "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.",
  });
});

test("when a topic is to be synced is taken as long as every append is synced anyhow", () => {
  const flush = new Map([
    ["flush.messages", "9223372036854775807"],
    ["flush.ms", "1000"],
  ]);
  assert.doesNotThrow(() => validateTopicConfigs(flush, (name) => (name === "flush.messages" ? "1" : inForce(name))));
  assert.throws(() => validateTopicConfigs(flush, (name) => (name === "flush.messages" ? "100" : inForce(name))));
});

async function shardWithTopic() {
  const shard = await startedShard();
  await shard.ask("CreateTopics", { topics: [topicOf("orders")], validateOnly: false });
  const alter = async (
    changes: [operation: AlterOperation, name: string, value: string | null][],
    { name = "orders", type = resourceTypes.TOPIC as 2 | 4, replace = false } = {},
  ) => {
    const named = changes.map(([operation, key, value]) => ({ operation, name: key, value }));
    const [result] = await shard.ask("AlterConfigs", {
      resources: [{ type, name, replace, changes: named }],
      validateOnly: false,
    });
    return result!;
  };
  return { shard, alter, configs: () => Object.fromEntries(shard.image.configs(resourceTypes.TOPIC, "orders")) };
}

test("SET, DELETE, APPEND and SUBTRACT change one key each", async () => {
  const { alter, configs } = await shardWithTopic();
  await alter([
    ["SET", "retention.ms", "5000"],
    ["APPEND", "cleanup.policy", "compact"],
  ]);
  assert.deepEqual(configs(), { "retention.ms": "5000", "cleanup.policy": "delete,compact" });
  await alter([
    ["DELETE", "retention.ms", null],
    ["SUBTRACT", "cleanup.policy", "delete"],
  ]);
  assert.deepEqual(configs(), { "cleanup.policy": "compact" });
  const { errorCode, errorMessage } = await alter([["APPEND", "retention.ms", "1"]]);
  assert.equal(errorCode, ErrorCode.INVALID_CONFIG);
  assert.equal(errorMessage, "Can't APPEND to key retention.ms because its type is not LIST.");
});

test("a resource is altered whole or not at all", async () => {
  const { alter, configs } = await shardWithTopic();
  const { errorCode } = await alter([
    ["SET", "retention.ms", "5000"],
    ["SET", "segment.bytes", "10"],
  ]);
  assert.equal(errorCode, ErrorCode.INVALID_CONFIG);
  assert.deepEqual(configs(), {});
});

test("the older form takes back what it does not name", async () => {
  const { alter, configs } = await shardWithTopic();
  await alter([
    ["SET", "retention.ms", "5000"],
    ["SET", "segment.ms", "100"],
  ]);
  await alter([["SET", "segment.ms", "200"]], { replace: true });
  assert.deepEqual(configs(), { "segment.ms": "200" });
});

test("a broker config may be altered while it runs only if it is such a one", async () => {
  const { alter, shard } = await shardWithTopic();
  const broker = { type: resourceTypes.BROKER, name: "" } as const;
  assert.equal((await alter([["SET", "max.connections", "7"]], broker)).errorCode, ErrorCode.NONE);
  assert.equal(shard.image.configs(resourceTypes.BROKER, "").get("max.connections"), "7");
  const { errorCode, errorMessage } = await alter([["SET", "log.dirs", "elsewhere"]], broker);
  assert.equal(errorCode, ErrorCode.INVALID_REQUEST);
  assert.equal(errorMessage, "Cannot update these configs dynamically: [log.dirs]");
});

test("a topic that is not there has no configs to alter", async () => {
  const { alter } = await shardWithTopic();
  const { errorCode, errorMessage } = await alter([["SET", "retention.ms", "1"]], { name: "nothing" });
  assert.equal(errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(errorMessage, "The topic 'nothing' does not exist.");
});
