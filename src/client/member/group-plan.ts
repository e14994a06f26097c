/** What a leader does for its group: it reads all subscriptions, plans, and watches the topics (rules 14, 27). */
import type {
  ClusterTopics,
  GroupAssignment,
  GroupMember,
  MemberSubscription,
  PartitionAssignor,
} from "../../assignment/partition-assignor.ts";
import type { JoinGroup } from "../../protocol/apis/join-group.ts";
import type { SyncGroup } from "../../protocol/apis/sync-group.ts";
import { decodeSubscription, encodeAssignment } from "../../protocol/consumer-protocol.ts";
import { ProtocolError } from "../../protocol/protocol-error.ts";
import type { RequestInput, ResponseOf } from "../../protocol/schema.ts";
import { flat, keyOf, listed, type Partitions, without } from "./partitions.ts";

type JoinedMember = ResponseOf<typeof JoinGroup>["members"][number];
export type SyncAssignments = RequestInput<typeof SyncGroup>["assignments"];

export function groupMembers(joined: readonly JoinedMember[]): GroupMember[] {
  return joined.map(({ memberId, groupInstanceId, metadata }) => ({
    memberId,
    groupInstanceId,
    subscription: subscriptionOf(metadata),
  }));
}

/** A member whose subscription cannot be read gets nothing, so that it does not keep the others from their work. */
function subscriptionOf(metadata: Uint8Array): MemberSubscription {
  try {
    return decodeSubscription(metadata);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { topics: [], userData: null, ownedPartitions: [], generationId: -1, rackId: null };
  }
}

export function topicsOf(members: readonly GroupMember[]): string[] {
  return [...new Set(members.flatMap(({ subscription }) => subscription.topics))].sort();
}

export interface GroupPlan {
  readonly assignments: SyncAssignments;
  /** Partitions that their owners are to give up first (rule 46), for others in a next round. */
  readonly leftOut: Partitions;
}

export function plan(
  assignor: PartitionAssignor,
  topics: ClusterTopics,
  members: readonly GroupMember[],
  isCooperative: boolean,
): GroupPlan {
  const planned = assignor.assign(topics, members);
  if (isCooperative && assignor.name !== "cooperative-sticky") assertNothingHandedOver(assignor, planned, members);
  const owned = members.flatMap(({ subscription }) => flat(subscription.ownedPartitions));
  const wanted = owned.filter(({ topic, partition }) => partition < (topics.get(topic)?.partitionCount ?? 0));
  const given = Array.from(planned.values(), ({ assignedPartitions }) => flat(assignedPartitions));
  return {
    assignments: Array.from(planned, ([memberId, each]) => ({ memberId, assignment: encodeAssignment(each) })),
    // Also for a leader that is eager itself: others may not be (rule 44).
    leftOut: assignor.supportedProtocols.includes("COOPERATIVE") ? without(wanted, given.flat()) : [],
  };
}

/**
 * Rule 46: what its owner still reads is given to nobody else, or two would read it. An assignor of the application's
 * own may not know; "cooperative-sticky" does, and knows too which of its members' claims are out of date.
 */
function assertNothingHandedOver(
  { name }: PartitionAssignor,
  assignments: GroupAssignment,
  members: readonly GroupMember[],
): void {
  const owners = new Map<string, string>();
  for (const { memberId, subscription } of members) {
    for (const each of flat(subscription.ownedPartitions)) owners.set(keyOf(each), memberId);
  }
  for (const [memberId, { assignedPartitions }] of assignments) {
    for (const each of flat(assignedPartitions)) {
      const owner = owners.get(keyOf(each)) ?? memberId;
      if (owner === memberId) continue;
      const what = `gives ${listed([each])} to ${memberId} before ${owner} has given it up`;
      throw new Error(`assignor ${name} ${what}: a cooperative plan leaves it out, and gives it in the next round`);
    }
  }
}

/** What a plan rests on: of each of the group's topics, in words, the partitions and, where they matter, the racks. */
export type PlannedTopics = ReadonlyMap<string, string>;

export function plannedTopics(names: Iterable<string>, topics: ClusterTopics, racksMatter: boolean): PlannedTopics {
  return new Map(Array.from(names, (name) => [name, inWords(topics, name, racksMatter)]));
}

function inWords(topics: ClusterTopics, name: string, racksMatter: boolean): string {
  const topic = topics.get(name);
  if (topic === undefined) return "no topic";
  const racks = racksMatter ? topic.replicaRacks?.map((of) => of.toSorted().join("+")).join(" ") : undefined;
  return `${topic.partitionCount} partitions${racks === undefined ? "" : ` in ${racks}`}`;
}

/** @returns what the topics have become since they were planned, as a reason to join again; undefined: nothing. */
export function changeSince(planned: PlannedTopics, topics: ClusterTopics, racksMatter: boolean): string | undefined {
  for (const [name, before] of planned) {
    const after = inWords(topics, name, racksMatter);
    if (after !== before) return `topic ${name} changed from ${before} to ${after}`;
  }
  return undefined;
}
