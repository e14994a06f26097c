/** What one look at a group from outside sees: DescribeGroups, the committed offsets, and the ends of the logs. */
import type { RebalanceDescription } from "../../client/admin/groups.ts";
export interface Look {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** As the broker says: "Stable", "PreparingRebalance", …; "Dead" when there is no such group. */
  readonly state: string;
  /** "classic", or "consumer" (KIP-848). */
  readonly type: string;
  /** The group's epoch (KIP-848), as generations are of classic groups; null: the broker does not tell. */
  readonly epoch: number | null;
  /** "" while the members have agreed on none. */
  readonly assignor: string;
  /** Node id; -1: not known. */
  readonly coordinator: number;
  readonly members: readonly LookMember[];
  /** Of all topics that members subscribe to or the group has committed offsets of. */
  readonly partitions: readonly LookPartition[];
  /** The last rebalances as the coordinator itself tells them, the oldest first; undefined: it does not. */
  readonly told?: readonly RebalanceDescription[];
}

export interface MemberName {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  /** Without the slash that brokers put before it. */
  readonly host: string;
}

export interface LookMember extends MemberName {
  readonly topics: readonly string[];
  readonly assignment: readonly PartitionName[];
}

/** topic-partition, as Kafka writes it: "orders-3". */
export type PartitionName = string;

export interface LookPartition {
  readonly name: PartitionName;
  readonly topic: string;
  /** Undefined: nothing is committed. */
  readonly committed: number | undefined;
  /** Undefined: its leader does not answer. */
  readonly logEnd: number | undefined;
}

export function partitionName(topic: string, partition: number): PartitionName {
  return `${topic}-${partition}`;
}

/** By topic, then by number. */
export function comparePartitions(a: PartitionName, b: PartitionName): number {
  const [topicA, topicB] = [topicOf(a), topicOf(b)];
  if (topicA !== topicB) return topicA < topicB ? -1 : 1;
  return Number(a.slice(topicA.length + 1)) - Number(b.slice(topicB.length + 1));
}

export function topicOf(name: PartitionName): string {
  return name.slice(0, name.lastIndexOf("-"));
}

/** A static member is the same one under another member id. */
export function identityOf({ memberId, groupInstanceId }: Pick<MemberName, "memberId" | "groupInstanceId">): string {
  return groupInstanceId ?? memberId;
}

export function nameOf({ memberId, groupInstanceId, clientId, host }: MemberName): MemberName {
  return { memberId, groupInstanceId, clientId, host };
}

/** For people: the instance id, or the member id; one that does not begin with the client id, as Java's, behind it. */
export function shortName({ memberId, groupInstanceId, clientId }: MemberName): string {
  if (groupInstanceId !== null) return groupInstanceId;
  return memberId.startsWith(clientId) ? withShortIds(memberId) : `${clientId}-${withShortIds(memberId).slice(0, 8)}`;
}

/** Member ids end in a UUID; its first part tells them apart. */
export function withShortIds(text: string): string {
  return text.replaceAll(/\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "$1");
}

/** Members have what they have been assigned, and no round is open. */
export function isSettled({ state }: Look): boolean {
  return state === "Stable" || state === "Empty" || state === "Dead";
}

export function ownersOf({ members }: Look): Map<PartitionName, LookMember> {
  return new Map(members.flatMap((member) => member.assignment.map((name) => [name, member] as const)));
}

/** Records that wait; undefined where it cannot be told. */
export function lagOf({ committed, logEnd }: LookPartition): number | undefined {
  return committed === undefined || logEnd === undefined ? undefined : Math.max(0, logEnd - committed);
}
