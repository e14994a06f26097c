import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerConfig } from "../../src/broker/config.ts";
import { GroupRuntime } from "../../src/broker/group-runtime.ts";
import { rebalanceLine } from "../../src/broker/rebalance-line.ts";
import { defaultLogConfig } from "../../src/log/config.ts";
import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { seededRng } from "../../src/testing/seeded-rng.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

test("a rebalance is one line that says group, generations, who came and went, how long it took, and why", async () => {
  const lines: string[] = [];
  const fields: object[] = [];
  const logger = {
    debug() {},
    warn() {},
    error() {},
    info: (what: object, line: string) => {
      fields.push(what);
      lines.push(line.replaceAll(/consumer-[\w-]+/g, "M"));
    },
  };
  const clock = new VirtualClock();
  const config = new BrokerConfig(new Map([["offsets.topic.num.partitions", "1"]]));
  const groups = new GroupRuntime({
    clock,
    rng: seededRng(),
    platform: nodePlatform,
    config,
    logger,
    partitions: () => 1,
    topicIdOf: () => undefined,
  });
  const at = { topic: "__consumer_offsets", partition: 0, topicId: "EREREREREREREREREREREQ" };
  const log = await openMemoryLog({ platform: nodePlatform }).create(at, defaultLogConfig);
  const topic = { name: at.topic, topicId: at.topicId, isInternal: true, partitions: [] };
  groups.lead({ topic, partition: 0, leaderEpoch: 0, log });
  await groups.loaded();

  const client = { clientId: "consumer", clientHost: "/127.0.0.1" };
  const protocols = [{ name: "range", metadata: new Uint8Array() }];
  const common = { groupId: "billing", groupInstanceId: null, protocolType: "consumer" };
  const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 };
  const joining = groups.submit(0, "JoinGroup", {
    ...client,
    version: 3,
    body: { ...common, ...timeouts, memberId: "", protocols, reason: null },
  });
  await clock.advance(3000);
  const joined = await joining;
  assert.ok(joined.ok);
  const { memberId = "" } = joined.reply;
  const member = { ...common, memberId, generationId: 1, protocolName: "range" };
  const assignments = [{ memberId, assignment: new Uint8Array() }];
  await groups.submit(0, "SyncGroup", { ...client, version: 5, body: { ...member, assignments } });
  const leaving = { memberId, groupInstanceId: null, reason: "the day is over" };
  const body = { groupId: "billing", memberId: "", members: [leaving] };
  await groups.submit(0, "LeaveGroup", { ...client, version: 5, body });

  assert.deepEqual(lines, [
    "group billing has 1 member in generation 1 (from 0), joined M, 0 partitions moved, took 3000 ms: " +
      "new member M; client reason: not provided",
    "group billing is empty in generation 2 (from 1), left M, 0 partitions moved, took 0 ms: " +
      "left: M (client reason: the day is over)",
  ]);
  assert.ok("joined" in fields[0]!);
});

test("a line spells out ten names and tells the number of the others", () => {
  const names = Array.from({ length: 12 }, (_, i) => `m${i}`);
  const line = rebalanceLine({
    type: "GroupRebalanceCompleted",
    group: "billing",
    reason: "new member m11",
    fromGeneration: 1,
    toGeneration: 2,
    protocolType: "consumer",
    assignor: "range",
    leader: "m0",
    members: 12,
    joined: names,
    left: ["old"],
    movedPartitions: undefined,
    durationMs: 2.4,
  });
  assert.equal(
    line,
    "group billing has 12 members in generation 2 (from 1), joined m0 m1 m2 m3 m4 m5 m6 m7 m8 m9 and 2 more, " +
      "left old, took 2 ms: new member m11",
  );
});
