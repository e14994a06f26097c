import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { mergeInputs, readConfig } from "../../src/client/config.ts";
import { ClientConfigError } from "../../src/client/errors.ts";
import { Kafka } from "../../src/client/kafka.ts";
import { unusedKeys } from "../../src/client/unused-keys.ts";

const refusal = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ClientConfigError);
  assert.match(error.message, message);
  return true;
};

suite("the client's configuration", () => {
  test("takes Java's names and camelCase alike, and gives Java's defaults", () => {
    const java = readConfig("consumer", { "group.id": "billing", "session.timeout.ms": 10_000 });
    const camel = readConfig("consumer", { groupId: "billing", sessionTimeoutMs: 10_000 });
    assert.deepEqual(java, camel);
    assert.equal(java.groupId, "billing");
    assert.equal(java.sessionTimeoutMs, 10_000);
    assert.equal(java.maxPollIntervalMs, 300_000);
    assert.equal(readConfig("producer", {}).deliveryTimeoutMs, 120_000);
    assert.equal(readConfig("producer", {}).acks, -1);
    assert.equal(readConfig("admin", {}).connectionsMaxIdleMs, 300_000);
  });

  test("the default assignor is cooperative-sticky alone, so that a member is not eager (rule 44)", () => {
    const names = readConfig("consumer", {}).partitionAssignmentStrategy.map((make) => make().name);
    assert.deepEqual(names, ["cooperative-sticky"]);
  });

  test("reads values from text, as files and command lines have them", () => {
    const config = readConfig("consumer", {
      "bootstrap.servers": "a:9092, [::1]:9093",
      "max.poll.records": "7",
      "enable.auto.commit": "false",
      "partition.assignment.strategy": "org.apache.kafka.clients.consumer.RangeAssignor,sticky",
      "auto.offset.reset": "by_duration:P1DT1H30M",
      "value.deserializer": "org.apache.kafka.common.serialization.StringDeserializer",
      "isolation.level": "READ_COMMITTED",
    });
    assert.deepEqual(config.bootstrapServers, [
      { host: "a", port: 9092 },
      { host: "::1", port: 9093 },
    ]);
    assert.equal(config.maxPollRecords, 7);
    assert.equal(config.enableAutoCommit, false);
    assert.deepEqual(
      config.partitionAssignmentStrategy.map((make) => make().name),
      ["range", "sticky"],
    );
    assert.deepEqual(config.autoOffsetReset, { byDurationMs: 91_800_000 });
    assert.equal(config.isolationLevel, "read_committed");
    const context = { topic: "orders", headers: [], isKey: false };
    assert.equal(config.valueDeserializer(Buffer.from("é"), context), "é");
  });

  test("an assignor of one's own is taken, made or to be made", () => {
    const [standard] = readConfig("consumer", {}).partitionAssignmentStrategy;
    const own = standard!();
    const config = readConfig("consumer", { partitionAssignmentStrategy: [own, () => own] });
    assert.deepEqual(
      config.partitionAssignmentStrategy.map((make) => make() === own),
      [true, true],
    );
  });

  for (const [given, nearest] of [
    [{ groupid: "billing" }, "groupId"],
    [{ "sesion.timeout.ms": 1 }, "session.timeout.ms"],
    [{ fetchMaxByte: 1 }, "fetchMaxBytes"],
  ] as const) {
    test(`refuses ${Object.keys(given)[0]} and names ${nearest}`, () => {
      assert.throws(() => readConfig("consumer", given), refusal(new RegExp(`did you mean ${nearest}\\?`)));
    });
  }

  test("refuses an unknown name without a guess where nothing is near", () => {
    assert.throws(
      () => readConfig("consumer", { zookeeper: "x" }),
      (error: ClientConfigError) => {
        return error.hint === undefined && error.fatal && !error.retriable;
      },
    );
  });

  test("a key of one kind of client says where it belongs", () => {
    assert.throws(() => readConfig("Kafka", { groupId: "billing" }), refusal(/kafka\.consumer\(/));
  });

  for (const [given, expected] of [
    [{ sessionTimeoutMs: "soon" }, /sessionTimeoutMs: expected an integer, at least 1 .*; got "soon"/],
    [{ maxPollRecords: 0 }, /at least 1/],
    [{ bootstrapServers: "localhost" }, /host:port/],
    [{ bootstrapServers: "localhost:99999" }, /host:port/],
    [{ autoOffsetReset: "by_duration:P" }, /ISO 8601/],
    [{ partitionAssignmentStrategy: ["toString"] }, /range, roundrobin, sticky, cooperative-sticky/],
    [{ valueDeserializer: "constructor" }, /bytes, string, json/],
    [{ groupId: "" }, /not empty/],
    [{ "group.protocol": "consumer" }, /classic/],
    [{ groupId: "a", "group.id": "b" }, /the same key/],
  ] as const) {
    test(`refuses ${JSON.stringify(given)}`, () => {
      assert.throws(() => readConfig("consumer", given), refusal(expected));
    });
  }

  test("a refused secret is not shown", () => {
    assert.throws(
      () => readConfig("Kafka", { saslPassword: 12345 }),
      (error: Error) => !error.message.includes("12345"),
    );
  });

  test("Java's keys that change nothing here are told, not refused", () => {
    const told: string[] = [];
    const given = { "receive.buffer.bytes": 1, "metadata.recovery.rebootstrap.trigger.ms": 1 };
    readConfig("consumer", given, (name) => told.push(name));
    assert.deepEqual(told, Object.keys(given));
    assert.ok(!unusedKeys.has("interceptor.classes"));
  });

  test("what is given for one client wins over what is given for all, in either spelling", () => {
    const merged = mergeInputs("consumer", { clientId: "all", groupId: undefined }, { "client.id": "one" });
    assert.equal(readConfig("consumer", merged).clientId, "one");
  });

  test("a session must outlive the time to the next heartbeat, as in Java", () => {
    const kafka = new Kafka({ bootstrapServers: "127.0.0.1:1" });
    const config = { groupId: "billing", sessionTimeoutMs: 3000 };
    assert.throws(() => kafka.consumer(config), /heartbeat.interval.ms \(3000\) must be lower than session.timeout.ms/);
    kafka.consumer({ ...config, heartbeatIntervalMs: 2999 });
  });

  test("a key in both spellings is refused for each kind of client", () => {
    const both = { clientId: "a", "client.id": "b" };
    for (const kind of ["producer", "consumer", "admin"] as const) {
      assert.throws(() => mergeInputs(kind, {}, both), refusal(/the same key/));
    }
  });

  test("a client needs a bootstrap server", () => {
    assert.throws(() => new Kafka({}).admin(), refusal(/bootstrap\.servers/));
  });
});
