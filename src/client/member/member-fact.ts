/** What happened to a membership: for diagnostics, metrics, the testing library's history. */
import type { TopicPartition } from "../topic-partition.ts";

export type MemberFact = MemberRebalanceStarted | MemberRebalanceCompleted | MembershipEnded;

export interface MemberRebalanceStarted {
  readonly type: "MemberRebalanceStarted";
  readonly group: string;
  /** "" before the first join was answered. */
  readonly memberId: string;
  /** In which it was Stable last; -1: in none. */
  readonly fromGeneration: number;
  /** As the coordinator is told it (KIP-800). */
  readonly reason: string;
}

/** The member has its part of a generation. A cooperative rebalance that moves partitions takes two generations. */
export interface MemberRebalanceCompleted {
  readonly type: "MemberRebalanceCompleted";
  readonly group: string;
  readonly memberId: string;
  readonly reason: string;
  readonly fromGeneration: number;
  readonly toGeneration: number;
  readonly assignor: string;
  readonly isLeader: boolean;
  /** Since the start: what was given up in good order, what was taken away, what is new. */
  readonly revoked: readonly TopicPartition[];
  readonly lost: readonly TopicPartition[];
  readonly assigned: readonly TopicPartition[];
  readonly durationMs: number;
  /** For each partition that was this member's before and is so again, how long it was not read; kept ones: 0. */
  readonly pauses: readonly (TopicPartition & { readonly pauseMs: number })[];
}

/** The member is no longer in the group: it left, was removed, or was fenced. */
export interface MembershipEnded {
  readonly type: "MembershipEnded";
  readonly group: string;
  readonly memberId: string;
  readonly generation: number;
  readonly reason: string;
}
