import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerConfig } from "../../src/broker/config.ts";
import { loadConfig, type Setting, settingsOfEnvironment } from "../../src/broker/config-sources.ts";
import { parseProperties } from "../../src/broker/properties.ts";

const inFile = (line: number) => `in server.properties, line ${line}`;
const load = (...settings: [key: string, value: string, where?: string][]) =>
  loadConfig(settings.map(([key, value, where = "given by -o"]): Setting => ({ key, value, where })));

test("what is given later wins, what is not given has Kafka's default", () => {
  const { config } = load(["num.partitions", "3"], ["num.partitions", "6"]);
  assert.equal(config.get("num.partitions"), 6);
  assert.equal(config.get("group.initial.rebalance.delay.ms"), 3000);
  assert.equal(config.get("log.retention.ms"), null);
  assert.deepEqual(config.get("listeners"), ["PLAINTEXT://127.0.0.1:9092"]);
});

test("a key that the broker does not act on is warned about, not kept", () => {
  const { config, warnings } = load(["num.io.threads", "8", inFile(7)]);
  assert.deepEqual(warnings, ["num.io.threads in server.properties, line 7 is not a config that this broker acts on"]);
  assert.deepEqual(config.synonyms("num.io.threads"), []);
  assert.equal(load(["compression.zstd.level", "7"]).warnings.length, 1); // batches are compressed at one level
});

test("the warning names the key that was meant", () => {
  const warned = load(["num.partition", "3"], ["offsets.topic.num_partitions", "4"], ["log.clean", "1"]).warnings;
  assert.deepEqual(
    warned.map((warning) => /\(did you mean (.*)\?\)$/.exec(warning)?.[1]),
    ["num.partitions", "offsets.topic.num.partitions", undefined],
  );
});

const refusals: [key: string, value: string, message: string][] = [
  [
    "listeners",
    "PLAINTEXT:/127.0.0.1:9092",
    'listeners: "PLAINTEXT:/127.0.0.1:9092" in server.properties, line 3: expected NAME://HOST:PORT',
  ],
  ["num.partitions", "many", 'num.partitions: "many" in server.properties, line 3: expected a number (INT)'],
  ["num.partitions", "0", 'num.partitions: "0" in server.properties, line 3: value must be at least 1'],
  [
    "listeners",
    "SSL://127.0.0.1:9093",
    "listeners: SSL is a listener of SSL, only PLAINTEXT is served (name it PLAINTEXT, or set " +
      "listener.security.protocol.map=SSL:PLAINTEXT) (in server.properties, line 3)",
  ],
  [
    "advertised.listeners",
    "OUTSIDE://broker.test:9092",
    'advertised.listeners: "OUTSIDE://broker.test:9092" in server.properties, line 3: expected one of the listeners ' +
      "PLAINTEXT",
  ],
  [
    "log.retention.ms",
    "0",
    'log.retention.ms: "0" in server.properties, line 3: value must be unlimited (-1) or at least 1',
  ],
  ...["offsets.topic.segment.bytes", "transaction.state.log.segment.bytes"].map((key): [string, string, string] => [
    key,
    "1048575",
    `${key}: "1048575" in server.properties, line 3: value must be at least 1048576`,
  ]),
  ["log.dirs", "one,two", 'log.dirs: "one,two" in server.properties, line 3: expected one folder'],
  [
    "default.replication.factor",
    "3",
    'default.replication.factor: "3" in server.properties, line 3: value must be 1: this broker is alone',
  ],
];

for (const [key, value, message] of refusals) {
  test(`${key}=${value} is refused at start, with its place and the reason`, () => {
    assert.throws(() => load([key, value, inFile(3)]), { name: "ConfigError", message });
  });
}

test("the environment speaks in capitals", () => {
  const settings = settingsOfEnvironment({
    REGROUP_LOG_DIRS: "elsewhere",
    HOME: "no",
    REGROUP_BOOTSTRAP_SERVERS: "a:1",
    REGROUP_NUM_PARTITIONS: "2",
  });
  assert.deepEqual(
    settings.map(({ key, value }) => [key, value]),
    [
      ["log.dirs", "elsewhere"],
      ["num.partitions", "2"],
    ],
  );
});

test("a properties file is read as Java reads it", () => {
  const text = [
    "# a comment",
    "! another",
    "a=1",
    "b : two words  ",
    "c 3",
    "d=x\\",
    "   y",
    "e\\=f=\\u00e9\\t",
    "",
    "g",
  ];
  assert.deepEqual(parseProperties(text.join("\r\n")), [
    { key: "a", value: "1", line: 3 },
    { key: "b", value: "two words", line: 4 },
    { key: "c", value: "3", line: 5 },
    { key: "d", value: "xy", line: 6 },
    { key: "e=f", value: "é", line: 8 },
    { key: "g", value: "", line: 10 },
  ]);
});

test("a topic falls back to the broker, in whatever unit it was given", () => {
  const of = (given: Record<string, string>) => new BrokerConfig(new Map(Object.entries(given)));
  assert.equal(of({}).topicDefault("retention.ms"), "604800000");
  assert.equal(of({ "log.retention.hours": "5" }).topicDefault("retention.ms"), "18000000");
  assert.equal(of({ "log.retention.hours": "5", "log.retention.minutes": "7" }).topicDefault("retention.ms"), "420000");
  assert.equal(of({ "log.retention.hours": "-1" }).topicDefault("retention.ms"), "-1");
  assert.equal(of({ "log.retention.ms": "-5" }).topicDefault("retention.ms"), "-1");
  assert.equal(of({ "log.retention.ms": "9223372036854775807" }).topicDefault("retention.ms"), "9223372036854775807");
  assert.equal(of({ "log.roll.hours": "7" }).topicDefault("segment.ms"), "25200000");
  assert.equal(of({ "message.max.bytes": "99" }).topicDefault("max.message.bytes"), "99");
  assert.equal(of({}).topicDefault("flush.messages"), "1");
});

test("what is altered while the broker runs goes before what was given, the broker's own before all brokers'", () => {
  const config = new BrokerConfig(new Map([["message.max.bytes", "1"]]));
  const layers: Record<string, ReadonlyMap<string, string>> = { "": new Map([["message.max.bytes", "2"]]) };
  config.follow({ broker: (name) => layers[name] ?? new Map() });
  assert.equal(config.get("message.max.bytes"), 2);
  layers["1"] = new Map([["message.max.bytes", "3"]]);
  config.follow({ broker: (name) => layers[name] ?? new Map() });
  assert.equal(config.get("message.max.bytes"), 3);
  assert.deepEqual(
    config.synonyms("message.max.bytes").map(({ value, source }) => [value, source]),
    [
      ["3", "DYNAMIC_BROKER_CONFIG"],
      ["2", "DYNAMIC_DEFAULT_BROKER_CONFIG"],
      ["1", "STATIC_BROKER_CONFIG"],
      ["1048588", "DEFAULT_CONFIG"],
    ],
  );
});
