/** What Kafka's own assignors answered: test/vectors/assignors. */
import type { ClusterTopics, GroupAssignment, GroupMember } from "../../src/assignment/partition-assignor.ts";
import type { StandardAssignorName } from "../../src/assignment/standard-assignors.ts";
import { decodeStickyUserData } from "../../src/assignment/sticky-user-data.ts";
import type { TopicPartitions } from "../../src/protocol/consumer-protocol.ts";
import { fromHex, vectorLines } from "../vectors.ts";

type Lists = [topic: string, partitions: number[]][];

export interface Step {
  readonly event: string;
  readonly topics: { name: string; partitions: number; racks?: string[][] }[];
  readonly members: {
    id: string;
    instanceId?: string;
    rackId?: string;
    topics: string[];
    owned?: Lists;
    generation?: number;
    userData?: string;
  }[];
  readonly assignment: Record<string, Lists>;
  /** Java threw. */
  readonly error?: string;
  readonly metrics?: { balance: number; owned: number; moved: number; breaks?: string[] };
  /** exact: also the order of the lists. varies: with the order of hash tables, between the bounds in `variants`. */
  readonly compare: "exact" | "set" | "varies";
  readonly variants?: Record<"balance" | "moved" | "rackMismatch", [least: number, greatest: number]>;
}

export interface Scenario {
  readonly id: string;
  readonly assignor: StandardAssignorName;
  readonly steps: Step[];
}

const read = new Map<string, Scenario[]>();

export function scenarios(assignor: StandardAssignorName): Scenario[] {
  const found = read.get(assignor) ?? vectorLines<Scenario>(`assignors/${assignor}.jsonl`);
  read.set(assignor, found);
  return found;
}

export function clusterOf({ topics }: Step): ClusterTopics {
  return new Map(
    topics.map(({ name, partitions, racks }) => [
      name,
      { partitionCount: partitions, ...(racks && { replicaRacks: racks }) },
    ]),
  );
}

export function groupOf({ members }: Step): GroupMember[] {
  return members.map((member) => ({
    memberId: member.id,
    groupInstanceId: member.instanceId ?? null,
    subscription: {
      topics: member.topics,
      userData: member.userData === undefined ? null : fromHex(member.userData),
      ownedPartitions: (member.owned ?? []).map(([topic, partitions]) => ({ topic, partitions })),
      generationId: member.generation ?? -1,
      rackId: member.rackId ?? null,
    },
  }));
}

/** What the member says it had. */
export function claimed(assignor: string, { subscription }: GroupMember): readonly TopicPartitions[] {
  if (assignor !== "sticky") return subscription.ownedPartitions;
  return decodeStickyUserData(subscription.userData).partitions;
}

export function toLists(assignment: GroupAssignment): Record<string, Lists> {
  const lists = [...assignment].map(([memberId, { assignedPartitions }]) => [
    memberId,
    assignedPartitions.map(({ topic, partitions }) => [topic, partitions]),
  ]);
  return Object.fromEntries(lists);
}

export function names(partitions: readonly TopicPartitions[]): string[] {
  return partitions.flatMap(({ topic, partitions: numbers }) => numbers.map((number) => `${topic}-${number}`));
}

/** balance: the sum of the differences of all pairs of members; owned: by one member; moved: no longer with it. */
export function measure(
  assignor: string,
  cluster: ClusterTopics,
  group: readonly GroupMember[],
  assignment: GroupAssignment,
): { balance: number; owned: number; moved: number; rackMismatch: number } {
  const given = new Map(group.map(({ memberId }) => [memberId, names(assignment.get(memberId)!.assignedPartitions)]));
  const sizes = [...given.values()].map((partitions) => partitions.length);
  const balance = sizes.reduce(
    (sum, size, index) => sum + sizes.slice(0, index).reduce((part, other) => part + Math.abs(size - other), 0),
    0,
  );
  const claimants = Map.groupBy(
    group.flatMap((member) =>
      names(claimed(assignor, member).filter(({ topic }) => member.subscription.topics.includes(topic)))
        .filter((name) => exists(cluster, name))
        .map((name) => ({ name, memberId: member.memberId })),
    ),
    ({ name }) => name,
  );
  const owned = [...claimants.values()].filter((claims) => claims.length === 1).map(([claim]) => claim!);
  const moved = owned.filter(({ name, memberId }) => !given.get(memberId)!.includes(name)).length;
  const rackMismatch = group.reduce((sum, { memberId, subscription: { rackId } }) => {
    if (rackId === null) return sum;
    return sum + given.get(memberId)!.filter((name) => !replicaRacks(cluster, name).includes(rackId)).length;
  }, 0);
  return { balance, owned: owned.length, moved, rackMismatch };
}

function split(name: string): { topic: string; number: number } {
  const dash = name.lastIndexOf("-");
  return { topic: name.slice(0, dash), number: Number(name.slice(dash + 1)) };
}

function exists(cluster: ClusterTopics, name: string): boolean {
  const { topic, number } = split(name);
  return number < (cluster.get(topic)?.partitionCount ?? 0);
}

function replicaRacks(cluster: ClusterTopics, name: string): readonly (string | null)[] {
  const { topic, number } = split(name);
  return cluster.get(topic)!.replicaRacks?.[number] ?? [];
}
