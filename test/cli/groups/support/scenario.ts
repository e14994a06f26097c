/**
 * The topics and groups that kafka-consumer-groups.sh was captured with (test/cli/kafka-consumer-groups/captures), as
 * far as they are of the classic protocol: made anew by our own client, on any broker.
 */
import assert from "node:assert/strict";
import type { Cluster } from "../../../../src/client/cluster.ts";
import { readConfig } from "../../../../src/client/config.ts";
import type { Consumer } from "../../../../src/client/consumer/consumer.ts";
import { Kafka } from "../../../../src/client/kafka.ts";
import { openCluster } from "../../../../src/client/open-cluster.ts";
import { JoinGroup } from "../../../../src/protocol/apis/join-group.ts";
import { SyncGroup } from "../../../../src/protocol/apis/sync-group.ts";
import { encodeAssignment, encodeSubscription } from "../../../../src/protocol/consumer-protocol.ts";
import { until } from "../../../interop/support/until.ts";

/** Records in each partition; the first ten of orders:1 are deleted. */
const topics = { orders: [120, 110, 100, 90, 80, 0], payments: [50, 50, 50] } as const;
/** Record N is N minutes younger than that; only the last 20 of each partition are half an hour old. */
const firstMs = Date.parse("2026-01-01T00:00:00Z");
const lastMs = Date.now() - 30 * 60_000;

type Offsets = Readonly<Record<string, number>>;

const committed: Readonly<Record<string, Offsets>> = {
  billing: { "orders:0": 120, "orders:1": 90, "orders:2": 100, "orders:4": 40 },
  checkout: {
    "orders:0": 60,
    "orders:1": 110,
    "orders:2": 0,
    "payments:0": 50,
    "payments:1": 49,
    "payments:2": 10,
  },
  stuck: { "payments:0": 20, "payments:1": 20 },
  refunds: { "payments:0": 50, "payments:1": 40, "payments:2": 30 },
  reports: { "orders:0": 30, "orders:1": 5, "orders:2": 100, "orders:3": 50, "orders:4": 80, "payments:0": 10 },
  archive: { "orders:5": 0, "payments:0": 50, "payments:1": 50, "payments:2": 50 },
  ahead: { "payments:2": 60 },
  "nightly-reconciliation-of-orders-with-payments": { "payments:0": 5 },
};

/** Groups without members: their offsets may be changed, and are put back by `Scenario.restore`. */
export const emptyGroups = ["reports", "archive", "ahead", "nightly-reconciliation-of-orders-with-payments"] as const;

export interface Scenario extends AsyncDisposable {
  readonly kafka: Kafka;
  readonly bootstrapServers: string;
  /** "orders:0=30 orders:1=5" */
  committed(group: string): Promise<string>;
  /** The consumer with this client id ends; a static one stays a member until its session is over. */
  close(clientId: string): Promise<void>;
  /** Empty groups as they were; groups that are not of the scenario go. */
  restore(): Promise<void>;
}

export async function makeScenario(bootstrapServers: string, withMembers = true): Promise<Scenario> {
  const kafka = new Kafka({ bootstrapServers });
  const admin = kafka.admin();
  await makeTopics(kafka);
  for (const group of Object.keys(committed)) await commit(kafka, group);
  const consumers = withMembers ? await joinGroups(kafka) : new Map<string, Consumer>();
  const stuck = withMembers ? await stickGroup(bootstrapServers) : undefined;
  return {
    kafka,
    bootstrapServers,
    async committed(group) {
      const offsets = await admin.listGroupOffsets(group);
      return offsets
        .map(({ topic, partition, offset }) => `${topic}:${partition}=${offset}`)
        .toSorted()
        .join(" ");
    },
    close: (clientId) => consumers.get(clientId)!.close(),
    async restore() {
      const groups = (await admin.listGroups()).map(({ groupId }) => groupId);
      const strangers = groups.filter((group) => !(group in committed));
      await admin.deleteGroups([
        ...strangers,
        ...groups.filter((group) => (emptyGroups as readonly string[]).includes(group)),
      ]);
      for (const group of emptyGroups) await commit(kafka, group);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...consumers.values()].map((consumer) => consumer.close()));
      await stuck?.close();
      await admin.close();
    },
  };
}

async function makeTopics(kafka: Kafka): Promise<void> {
  await using admin = kafka.admin();
  const entries = Object.entries(topics);
  await admin.createTopics(
    entries.map(([topic, counts]) => ({
      topic,
      numPartitions: counts.length,
      replicationFactor: 1,
      configs: { "retention.ms": "-1" },
    })),
  );
  await using producer = kafka.producer();
  await producer.sendBatch(
    entries.flatMap(([topic, counts]) =>
      counts.flatMap((count, partition) =>
        Array.from({ length: count }, (_, n) => {
          return { topic, partition, value: `record ${n}`, timestamp: n < count - 20 ? firstMs + n * 60_000 : lastMs };
        }),
      ),
    ),
  );
  await admin.deleteRecords([{ topic: "orders", partition: 1, beforeOffset: 10 }]);
}

async function commit(kafka: Kafka, group: string): Promise<void> {
  await using admin = kafka.admin();
  const offsets = Object.entries(committed[group]!).map(([name, offset]) => {
    const [topic, partition] = name.split(":") as [string, string];
    return { topic, partition: Number(partition), offset };
  });
  await admin.alterGroupOffsets(group, offsets);
}

interface GroupOfMembers {
  readonly group: string;
  readonly assignor: "range" | "roundrobin";
  readonly topics: readonly string[];
  readonly clientIds: readonly string[];
  readonly isStatic: boolean;
}

const groupsWithMembers: readonly GroupOfMembers[] = [
  {
    group: "billing",
    assignor: "range",
    topics: ["orders"],
    clientIds: ["billing-1", "billing-2", "billing-3"],
    isStatic: false,
  },
  {
    group: "checkout",
    assignor: "roundrobin",
    topics: ["orders", "payments"],
    clientIds: ["checkout-a", "checkout-b"],
    isStatic: true,
  },
  {
    group: "refunds",
    assignor: "range",
    topics: ["payments"],
    clientIds: ["refunds-1", "refunds-2", "refunds-3", "refunds-4"],
    isStatic: false,
  },
];

async function joinGroups(kafka: Kafka): Promise<Map<string, Consumer>> {
  const consumers = new Map<string, Consumer>();
  for (const { group, assignor, topics: subscription, clientIds, isStatic } of groupsWithMembers) {
    for (const clientId of clientIds) {
      const consumer = kafka.consumer({
        groupId: group,
        clientId,
        partitionAssignmentStrategy: [assignor],
        enableAutoCommit: false,
        autoOffsetReset: "earliest",
        ...(isStatic ? { groupInstanceId: clientId } : {}),
      });
      await consumer.subscribe([...subscription]);
      consumers.set(clientId, consumer);
      void consumer.run({ eachRecord: async () => undefined }).catch(() => undefined);
    }
  }
  await settled(kafka);
  return consumers;
}

/** Awaits that all have joined and know their partitions. */
async function settled(kafka: Kafka): Promise<void> {
  await using admin = kafka.admin();
  await until("the groups are Stable with all their members", async () => {
    const described = await admin.describeGroups(groupsWithMembers.map(({ group }) => group));
    return described.every(({ state, members }, index) => {
      return state === "Stable" && members.length === groupsWithMembers[index]!.clientIds.length;
    });
  });
}

const halfAnHourMs = 1_800_000;

/** A member that neither heartbeats nor rejoins, and a second one that waits for it: PreparingRebalance. */
async function stickGroup(bootstrapServers: string): Promise<{ close(): Promise<void> }> {
  const [first, second] = ["stuck-1", "stuck-2"].map((clientId) => {
    return openCluster(readConfig("consumer", { bootstrapServers, clientId }));
  }) as [Cluster, Cluster];
  const [groupId, protocolType, topic] = ["stuck", "consumer", "payments"];
  const subscription = { topics: [topic], userData: null, ownedPartitions: [], generationId: -1, rackId: null };
  const join = (cluster: Cluster) => {
    const request = {
      groupId,
      sessionTimeoutMs: halfAnHourMs,
      rebalanceTimeoutMs: halfAnHourMs,
      memberId: "",
      protocolType,
      protocols: [{ name: "range", metadata: encodeSubscription(subscription) }],
    };
    // Version 3 joins at once, later ones ask for a member id first (KIP-394).
    return cluster.send({ group: groupId }, JoinGroup, request, { versions: [3, 3], timeoutMs: halfAnHourMs });
  };
  const { generationId, memberId } = await join(first);
  const assignment = encodeAssignment({ assignedPartitions: [{ topic, partitions: [0, 1, 2] }], userData: null });
  const assignments = [{ memberId, assignment }];
  const plan = { groupId, generationId, memberId, protocolType, protocolName: "range", assignments };
  const synced = await first.send({ group: groupId }, SyncGroup, plan);
  assert.equal(synced.errorCode, 0);
  void join(second).catch(() => undefined);
  await using admin = new Kafka({ bootstrapServers }).admin();
  await until("stuck waits", async () => {
    const [group] = await admin.describeGroups([groupId]);
    return group?.state === "PreparingRebalance" && group.members.length === 2;
  });
  return { close: async () => void (await Promise.all([first.close(), second.close()])) };
}
