/** Members over real connections: on regroup, or on any Kafka by REGROUP_TEST_BOOTSTRAP=host:port. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { standardAssignors } from "../../../src/assignment/standard-assignors.ts";
import type { Cluster } from "../../../src/client/cluster.ts";
import { readConfig } from "../../../src/client/config.ts";
import { Kafka } from "../../../src/client/kafka.ts";
import { openCluster } from "../../../src/client/open-cluster.ts";
import { JoinGroup } from "../../../src/protocol/apis/join-group.ts";
import { SyncGroup } from "../../../src/protocol/apis/sync-group.ts";
import { decodeAssignment, encodeSubscription } from "../../../src/protocol/consumer-protocol.ts";
import { until } from "../../interop/support/until.ts";
import { startTestBroker, unique } from "../broker.ts";
import { LiveMember, type LiveOptions } from "./support/live-member.ts";

const bootstrapServers = await startTestBroker();

async function newTopic(numPartitions: number): Promise<string> {
  const topic = unique("orders");
  await using admin = new Kafka({ bootstrapServers }).admin();
  await admin.createTopics([{ topic, numPartitions, replicationFactor: 1 }]);
  await admin.describeTopics([topic]);
  return topic;
}

const everStarted: LiveMember[] = [];
after(() => Promise.all(everStarted.map((member) => member.close())));

function started(options: Omit<LiveOptions, "bootstrapServers">): LiveMember {
  const member = new LiveMember({ bootstrapServers, ...options });
  everStarted.push(member);
  return member;
}

/** Which partitions are read now, and how long those that were handed over stood still. */
class Readers {
  readonly now = new Set<string>();
  readonly pausesMs: number[] = [];
  readonly #stoppedMs = new Map<string, number>();

  readonly note = (partition: string, isRead: boolean): void => {
    if (!isRead) {
      this.now.delete(partition);
      this.#stoppedMs.set(partition, performance.now());
      return;
    }
    assert.ok(!this.now.has(partition), `${partition} is read twice`);
    this.now.add(partition);
    const stoppedMs = this.#stoppedMs.get(partition);
    if (stoppedMs !== undefined) this.pausesMs.push(performance.now() - stoppedMs);
  };
}

function isStable({ machine }: LiveMember): boolean {
  return machine.state === "Stable";
}

test("rule 46: a fifth cooperative member takes its part, only what moves stands still, for no heartbeat", async () => {
  const topic = await newTopic(32);
  const groupId = unique("billing");
  const readers = new Readers();
  const start = () => {
    const assignors = [standardAssignors["cooperative-sticky"]()];
    return started({ groupId, topics: [topic], assignors, onRead: readers.note });
  };
  const members = [start(), start(), start(), start()];
  const share = (size: number) => members.every((each) => isStable(each) && each.machine.assignment.length >= size);
  await until("four members have eight each", () => Promise.resolve(share(8)));
  readers.pausesMs.length = 0;

  members.push(start());
  await until("five members have their part", () => Promise.resolve(share(6) && readers.now.size === 32));
  assert.equal(readers.pausesMs.length, 6);
  // 20 to 60 ms on a machine at rest; without early heartbeats it would be up to heartbeat.interval.ms, 3000.
  for (const pauseMs of readers.pausesMs) assert.ok(pauseMs < 1000, `${readers.pausesMs}`);
  await Promise.all(members.map((member) => member.close()));
  assert.equal(readers.now.size, 0);
  assert.deepEqual(
    members.flatMap(({ failures }) => failures),
    [],
  );
});

test("rules 26 and 50: who closes hands its partitions over; the last one leaves the group Empty", async () => {
  const topic = await newTopic(4);
  const groupId = unique("billing");
  const readers = new Readers();
  const start = () => {
    const assignors = [standardAssignors.range(), standardAssignors["cooperative-sticky"]()];
    return started({ groupId, topics: [topic], assignors, onRead: readers.note });
  };
  const [first, second] = [start(), start()] as const;
  const has = (member: LiveMember, size: number) => isStable(member) && member.machine.assignment.length === size;
  await until("both have two", () => Promise.resolve(has(first, 2) && has(second, 2)));
  await first.close();
  await until("the other has all", () => Promise.resolve(has(second, 4)));
  await second.close();
  await using admin = new Kafka({ bootstrapServers }).admin();
  const [description] = await admin.describeGroups([groupId]);
  assert.equal(description?.state, "Empty");
});

for (const version of [0, 1, 2]) {
  test(`rule 55: a consumer leads a member whose subscription is of version ${version}`, async () => {
    const topic = await newTopic(4);
    const groupId = unique("billing");
    await using consumer = new Kafka({ bootstrapServers }).consumer({
      groupId,
      partitionAssignmentStrategy: ["range"],
      heartbeatIntervalMs: 50,
    });
    await consumer.subscribe([topic]);
    const loop = consumer.records().next();
    await until("it has all", () => consumer.assignment().length === 4);
    await using cluster = openCluster(readConfig("consumer", { bootstrapServers }));
    const assigned = await joinAsOldMember(cluster, groupId, topic, version);
    assert.equal(assigned.length, 2);
    await until("it has the others", () => consumer.assignment().length === 2);
    const all = [...consumer.assignment().map(({ partition }) => partition), ...assigned];
    assert.deepEqual(all.sort(), [0, 1, 2, 3]);
    await consumer.close();
    assert.equal((await loop).done, true);
  });
}

/** A member that knows the protocol's older versions only. @returns the partitions that the leader gives it. */
async function joinAsOldMember(cluster: Cluster, groupId: string, topic: string, version: number): Promise<number[]> {
  const group = { group: groupId };
  const subscription = { topics: [topic], userData: null, ownedPartitions: [], generationId: -1, rackId: null };
  const request = {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: encodeSubscription(subscription, version) }],
  };
  const { memberId } = await cluster.send(group, JoinGroup, { ...request, memberId: "" });
  const { generationId, leader, errorCode } = await cluster.send(group, JoinGroup, { ...request, memberId });
  assert.equal(errorCode, 0);
  assert.notEqual(leader, memberId);
  const protocol = { protocolType: "consumer", protocolName: "range" };
  const synced = await cluster.send(group, SyncGroup, {
    groupId,
    generationId,
    memberId,
    ...protocol,
    assignments: [],
  });
  assert.equal(synced.errorCode, 0);
  return decodeAssignment(synced.assignment).assignedPartitions.flatMap(({ partitions }) => partitions);
}
