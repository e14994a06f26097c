/**
 * How a group's leader divides the partitions: the interface of Kafka's ConsumerPartitionAssignor, open to user code.
 */
import type { Assignment, Subscription } from "../protocol/consumer-protocol.ts";

/**
 * EAGER: everybody gives up everything before a rebalance (rule 45). COOPERATIVE: everybody keeps what it has, and
 * gives up only what the leader took away (rule 46).
 */
export type RebalanceProtocol = "EAGER" | "COOPERATIVE";

/** A member as the leader learns of it by JoinGroup. */
export interface GroupMember {
  readonly memberId: string;
  /** Null for a dynamic member (KIP-345). */
  readonly groupInstanceId: string | null;
  readonly subscription: MemberSubscription;
}

export type MemberSubscription = Readonly<Subscription>;

/** What the leader knows of a topic's partitions, which are numbered from 0. */
export interface TopicMetadata {
  readonly partitionCount: number;
  /** Of each partition, the racks of its replicas, online or not (KIP-881). Absent: no broker tells its rack. */
  readonly replicaRacks?: readonly (readonly (string | null)[])[];
}

/** By topic name. Topics that are subscribed to but do not exist are missing; others may be there. */
export type ClusterTopics = ReadonlyMap<string, TopicMetadata>;

/** By member id; each member of the group has one. The order of partitions is the order on the wire. */
export type GroupAssignment = Map<string, Assignment>;

/** What divides the partitions; `partition.assignment.strategy` takes your own beside the standard ones. */
export interface PartitionAssignor {
  /** The name on the wire. Members of a group agree on one that all of them list. */
  readonly name: string;
  /** The version of the user data. */
  readonly version: number;
  /** The highest that all of a consumer's assignors support is used; rule 44. */
  readonly supportedProtocols: readonly RebalanceProtocol[];
  /** Sent with the subscription at each join, for the assignor of whoever becomes leader. Null: none. */
  subscriptionUserData(topics: readonly string[]): Uint8Array | null;
  /** Called at the leader only. */
  assign(topics: ClusterTopics, members: readonly GroupMember[]): GroupAssignment;
  /** Called at every member with what the leader gave it, after each completed rebalance. */
  onAssignment(assignment: Assignment, generationId: number): void;
}
