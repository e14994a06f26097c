import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { accepted, createTopic, fresh, open, refused } from "../suite.ts";
import { encode, type Value } from "../wire/codec.ts";
import { sized } from "../wire/connection.ts";
import { message, versionsOf } from "../wire/schemas.ts";
import { subscription } from "../wire/subscription.ts";

const broker = await open();
const topic = await createTopic(broker);

/** From `low` to `high`, both included. */
const range = (low: number, high: number) => Array.from({ length: high - low + 1 }, (_, i) => low + i);
const bounded = (api: string, version: number) => {
  const [low, high] = versionsOf(api);
  return Math.max(low, Math.min(high, version));
};

suite("Every version of the group APIs", { concurrency: true }, () => {
  for (const round of range(0, 10)) {
    test(`a member lives its life in the versions around ${round}`, async () => {
      const connection = await open();
      const ask = (api: string, body: Value) => connection.ask(api, body, bounded(api, round));
      const groupId = fresh("g");

      const coordinator = await ask("FindCoordinator", { key: groupId, keyType: 0, coordinatorKeys: [groupId] });
      accepted(round < 4 ? coordinator : coordinator.coordinators[0]);

      const protocols = [{ name: "range", metadata: subscription(topic.name) }];
      const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 };
      const join = { groupId, ...timeouts, memberId: "", protocolType: "consumer", protocols };
      let joined = await ask("JoinGroup", join);
      if (round >= 4) {
        refused(joined, "MEMBER_ID_REQUIRED");
        joined = await ask("JoinGroup", { ...join, memberId: joined.memberId });
      }
      const { memberId, generationId } = accepted(joined);
      assert.deepEqual([joined.leader, generationId, joined.protocolName], [memberId, 1, "range"]);
      assert.deepEqual(joined.members[0].metadata, subscription(topic.name));
      if (round >= 7) assert.equal(joined.protocolType, "consumer");

      const who = { groupId, generationId, memberId };
      const assignments = [{ memberId, assignment: Buffer.from("all") }];
      const names = { protocolType: "consumer", protocolName: "range" };
      const synced = accepted(await ask("SyncGroup", { ...who, ...names, assignments }));
      assert.equal(String(synced.assignment), "all");

      refused(await ask("Heartbeat", who), "NONE");

      const partitions = [{ partitionIndex: 0, committedOffset: 100 + round, committedMetadata: "m" }];
      const topics = [{ name: topic.name, topicId: topic.id, partitions }];
      const epoch = { generationIdOrMemberEpoch: generationId };
      const committing = await ask("OffsetCommit", { groupId, memberId, ...epoch, topics });
      refused(committing.topics[0].partitions[0], "NONE");

      const wanted = [{ name: topic.name, topicId: topic.id, partitionIndexes: [0] }];
      const fetched =
        round < 8
          ? await ask("OffsetFetch", { groupId, topics: [{ name: topic.name, partitionIndexes: [0] }] })
          : (await ask("OffsetFetch", { groups: [{ groupId, topics: wanted }] })).groups[0];
      if (round >= 2) accepted(fetched);
      const { committedOffset, metadata } = fetched.topics[0].partitions[0];
      assert.deepEqual([committedOffset, metadata], [100 + round, "m"]);

      const described = accepted((await ask("DescribeGroups", { groups: [groupId] })).groups[0]);
      assert.equal(described.groupState, "Stable");

      const left = accepted(await ask("LeaveGroup", { groupId, memberId, members: [{ memberId }] }));
      if (round >= 3) accepted(left.members[0]);

      const deleted = await ask("DeleteGroups", { groupsNames: [groupId] });
      accepted(deleted.results[0]);
      refused(await ask("Heartbeat", who), "UNKNOWN_MEMBER_ID");
    });
  }
});

suite("ApiVersions", { concurrency: true }, () => {
  const served = [
    "Produce Fetch ListOffsets Metadata OffsetCommit OffsetFetch FindCoordinator JoinGroup Heartbeat LeaveGroup",
    "SyncGroup DescribeGroups ListGroups ApiVersions CreateTopics DeleteTopics DeleteRecords InitProducerId",
    "OffsetForLeaderEpoch DescribeConfigs AlterConfigs DescribeLogDirs CreatePartitions DeleteGroups",
    "IncrementalAlterConfigs ListPartitionReassignments OffsetDelete DescribeCluster DescribeProducers",
    "ListTransactions ConsumerGroupDescribe ListConfigResources DescribeTopicPartitions",
  ]
    .join(" ")
    .split(" ");

  test("each API is advertised with the versions that Kafka 4.3.1 speaks", async () => {
    for (const version of range(0, 4)) {
      const answer = accepted(await broker.ask("ApiVersions", software, version));
      const ranges = new Map<number, number[]>(
        answer.apiKeys.map((each: Value) => [each.apiKey, [each.minVersion, each.maxVersion]]),
      );
      for (const api of served) {
        const [low, high] = versionsOf(api);
        const expected = api === "Produce" ? [0, high] : api === "InitProducerId" ? [low, high - 1] : [low, high];
        assert.deepEqual(
          ranges.get(message(`${api}Request`).apiKey as number),
          expected,
          `${api}, asked by v${version}`,
        );
      }
    }
  });

  test("what is advertised is answered: no version in the list closes the connection", async () => {
    const { apiKeys } = await broker.ask("ApiVersions", software);
    const byKey = new Map<number, Value>(apiKeys.map((each: Value) => [each.apiKey, each]));
    for (const api of [
      "Metadata",
      "ListGroups",
      "DescribeGroups",
      "DescribeCluster",
      "ListTransactions",
      "ListOffsets",
    ]) {
      const { minVersion, maxVersion } = byKey.get(message(`${api}Request`).apiKey as number);
      for (const version of range(minVersion, maxVersion)) await broker.ask(api, {}, version);
    }
  });

  test("an unknown version is answered in version 0: unsupported, with the versions of ApiVersions", async () => {
    for (const version of [5, 99, 32767]) {
      const connection = await open();
      const header = { requestApiKey: 18, requestApiVersion: version, correlationId: 77, clientId: null };
      connection.raw(sized(Buffer.concat([encode(message("RequestHeader"), 2, header), Buffer.alloc(30, 9)])));
      const answer = await connection.answer("ApiVersions", 0, 77);
      refused(answer, "UNSUPPORTED_VERSION");
      assert.deepEqual(answer.apiKeys, [{ apiKey: 18, minVersion: 0, maxVersion: 4 }]);
      accepted(await connection.ask("ApiVersions", software, 4)); // and the connection goes on
    }
  });

  test("from version 3 on a client names its software in letters, digits, dots and dashes", async () => {
    for (const [name, version, error] of [
      ["regroup-test.1", "1.0-rc.2", "NONE"],
      ["", "1.0", "INVALID_REQUEST"],
      ["name", "", "INVALID_REQUEST"],
      ["-name", "1.0", "INVALID_REQUEST"],
      ["a b", "1.0", "INVALID_REQUEST"],
      ["name", "1.0!", "INVALID_REQUEST"],
    ] as const) {
      const body = { clientSoftwareName: name, clientSoftwareVersion: version };
      refused(await (await open()).ask("ApiVersions", body, 3), error);
    }
  });

  test("the features of the cluster are told from version 3 on", async () => {
    const answer = accepted(await broker.ask("ApiVersions", software, 4));
    const supported = new Map<string, Value>(answer.supportedFeatures.map((each: Value) => [each.name, each]));
    assert.ok(supported.has("metadata.version"));
    for (const { name, minVersionLevel, maxVersionLevel } of answer.finalizedFeatures) {
      assert.equal(minVersionLevel, maxVersionLevel);
      assert.ok(maxVersionLevel <= supported.get(name).maxVersion, name);
    }
    assert.ok(answer.finalizedFeaturesEpoch >= 0);
  });

  test("KAFKA-17011: before version 4 no feature is told whose levels begin at 0: older clients break", async () => {
    const answer = accepted(await broker.ask("ApiVersions", software, 3));
    assert.ok(answer.supportedFeatures.length > 0);
    for (const { name, minVersion } of answer.supportedFeatures) assert.ok(minVersion >= 1, name);
  });
});

const software = { clientSoftwareName: "conformance", clientSoftwareVersion: "1.0" };
