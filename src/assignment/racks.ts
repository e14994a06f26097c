/** Where members and replicas stand (KIP-881): who reads from its own rack pays for no traffic between racks. */
import type { GroupLayout } from "./group-layout.ts";
import type { ClusterTopics } from "./partition-assignor.ts";

/** The rack of a member that told none. */
export const noRack = -1;

export interface Racks {
  /** Of each member, its rack, or `noRack`. */
  readonly ofMember: Int32Array;
  /** Of each partition, the distinct racks of its replicas. */
  readonly ofPartition: readonly (readonly number[])[];
  /** Racks of all. */
  readonly count: number;
}

/** @returns nothing where no member told its rack */
export function racksOf(cluster: ClusterTopics, { members, topics, firstPartition }: GroupLayout): Racks | undefined {
  if (!members.some(({ subscription }) => subscription.rackId)) return undefined;
  const indexes = new Map<string, number>();
  const indexOf = (rack: string | null): number => {
    if (!rack) return noRack;
    const index = indexes.get(rack) ?? indexes.size;
    indexes.set(rack, index);
    return index;
  };
  const ofMember = Int32Array.from(members, ({ subscription }) => indexOf(subscription.rackId));
  const ofPartition: number[][] = Array.from({ length: firstPartition[topics.length]! }, () => []);
  topics.forEach((name, topic) => {
    const { partitionCount, replicaRacks } = cluster.get(name)!;
    replicaRacks?.slice(0, partitionCount).forEach((racks, partition) => {
      const distinct = new Set(racks.map(indexOf).filter((rack) => rack !== noRack));
      ofPartition[firstPartition[topic]! + partition] = [...distinct];
    });
  });
  return { ofMember, ofPartition, count: indexes.size };
}

/**
 * Whether the choice between these members and partitions can depend on racks: some member stands where some replica
 * does, and not all partitions have replicas in the same racks.
 */
export function racksMatter(racks: Racks, members: readonly number[], from: number, to: number): boolean {
  const ofMembers = new Set(members.map((member) => racks.ofMember[member]!));
  const ofPartitions = new Set<number>();
  for (let partition = from; partition < to; partition++) {
    for (const rack of racks.ofPartition[partition]!) ofPartitions.add(rack);
  }
  if (![...ofMembers].some((rack) => ofPartitions.has(rack))) return false;
  for (let partition = from; partition < to; partition++) {
    if (racks.ofPartition[partition]!.length !== ofPartitions.size) return true;
  }
  return false;
}

/** A member without a rack suits everywhere. */
export function rackMatches(racks: Racks, member: number, partition: number): boolean {
  const rack = racks.ofMember[member]!;
  return rack === noRack || racks.ofPartition[partition]!.includes(rack);
}
