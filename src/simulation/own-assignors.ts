/** Assignors of the application's own, as `partition.assignment.strategy` takes them: they speak by user data. */
import type {
  ClusterTopics,
  GroupAssignment,
  GroupMember,
  PartitionAssignor,
  RebalanceProtocol,
} from "../assignment/partition-assignor.ts";
import { type StandardAssignorName, standardAssignors } from "../assignment/standard-assignors.ts";
import { byTopic, flat, keyOf, type Partitions } from "../client/member/partitions.ts";
import type { Assignment } from "../protocol/consumer-protocol.ts";

const ownAssignors = {
  "by-weight": () => new ByWeight("by-weight", "EAGER"),
  "by-weight-cooperative": () => new ByWeight("by-weight-cooperative", "COOPERATIVE"),
} as const;

export type AssignorName = StandardAssignorName | keyof typeof ownAssignors;

export function makeAssignor(name: AssignorName): PartitionAssignor {
  return { ...standardAssignors, ...ownAssignors }[name]();
}

const mostWeight = 4;

/**
 * Each member says a weight, and is told by whom it was weighed. Without that the user data of a subscription or of an
 * assignment has gone lost, and it throws.
 */
class ByWeight implements PartitionAssignor {
  readonly name: string;
  readonly version = 0;
  readonly supportedProtocols: readonly RebalanceProtocol[];

  constructor(name: AssignorName, protocol: RebalanceProtocol) {
    this.name = name;
    this.supportedProtocols = [protocol];
  }

  subscriptionUserData(topics: readonly string[]): Uint8Array {
    return Uint8Array.of(1 + (topics.length % mostWeight));
  }

  onAssignment({ userData }: Assignment): void {
    if (userData?.length !== 1) throw new Error(`${this.name} does not hear what it was weighed`);
  }

  assign(topics: ClusterTopics, members: readonly GroupMember[]): GroupAssignment {
    const shares = members.map((member) => new Share(this.name, member));
    const isCooperative = this.supportedProtocols.includes("COOPERATIVE");
    for (const [topic, { partitionCount }] of [...topics].sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (let partition = 0; partition < partitionCount; partition++) {
        const owners = isCooperative ? shares.filter((share) => share.owns(topic, partition)) : [];
        give(shares, { topic, partition }, owners);
      }
    }
    return new Map(shares.map((share) => [share.member.memberId, share.assignment()]));
  }
}

/** Who has it keeps it, unless others have much less: then nobody gets it until it was given up (rule 46). */
function give(shares: readonly Share[], each: Partitions[number], owners: readonly Share[]): void {
  const [lightest] = shares.filter((share) => share.wants(each.topic)).sort((a, b) => a.load - b.load);
  if (lightest === undefined) return;
  const [owner] = owners;
  if (owner === undefined) lightest.given.push(each);
  else if (owners.length === 1 && owner.wants(each.topic) && owner.load <= lightest.load + 1) owner.given.push(each);
}

class Share {
  readonly member: GroupMember;
  readonly given: Partitions[number][] = [];
  readonly #weight: number;
  readonly #owned: ReadonlySet<string>;

  constructor(name: string, member: GroupMember) {
    const { userData, ownedPartitions } = member.subscription;
    if (userData?.length !== 1) throw new Error(`${name} does not hear what ${member.memberId} weighs`);
    this.member = member;
    this.#weight = userData[0]!;
    this.#owned = new Set(flat(ownedPartitions).map(keyOf));
  }

  get load(): number {
    return this.given.length / this.#weight;
  }

  wants(topic: string): boolean {
    return this.member.subscription.topics.includes(topic);
  }

  owns(topic: string, partition: number): boolean {
    return this.#owned.has(keyOf({ topic, partition }));
  }

  assignment(): Assignment {
    return { assignedPartitions: byTopic(this.given), userData: Uint8Array.of(this.#weight) };
  }
}
