/** What `groups watch` tells and records: one JSON object a line. Times are ISO 8601 in UTC. */
import type { RebalanceDescription } from "../../client/admin/groups.ts";
import type { LookMember, MemberName, PartitionName } from "./look.ts";

export type WatchEvent =
  | WatchStarted
  | Rebalance
  | StaticMemberReturned
  | GroupAppeared
  | GroupGone
  | CoordinatorMoved
  | LooksFail
  | LooksGoOn
  | WatchEnded;

interface Told {
  readonly at: string;
  readonly group: string;
}

export interface WatchStarted extends Told {
  readonly type: "watchStarted";
  readonly intervalMs: number;
  readonly state: string;
  readonly assignor: string;
  readonly members: readonly LookMember[];
  /** Records that wait in all partitions. */
  readonly lag: number;
  /** What regroup's coordinator remembers from before, the oldest first. */
  readonly rebalances?: readonly RebalanceDescription[];
}

export type ReasonCode =
  | "memberJoined"
  /** From outside a member that left looks like one whose session expired. */
  | "memberGone"
  | "memberLeft"
  | "sessionExpired"
  | "memberRestarted"
  | "staticMemberReturned"
  | "subscriptionChanged"
  | "partitionsAdded"
  | "topicAppeared"
  | "topicGone"
  | "assignorChanged"
  | "secondRound"
  | "unknown"
  | "told";

export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
}

/** A time that is only known within bounds: what happens between two looks is not seen. */
export interface Span {
  readonly atLeastMs: number;
  readonly atMostMs: number;
}

export interface Move {
  readonly partition: PartitionName;
  /** Undefined: nobody. */
  readonly from?: MemberName;
  readonly to?: MemberName;
  /** How long it had no owner. Undefined: it still has none, or never had one before. */
  readonly pause?: Span;
  /** How long before it had not been committed though records waited. */
  readonly stalledBeforeMs?: number;
}

export interface LeftMember extends MemberName {
  /** What speaks for a crash. */
  readonly hint?: string;
}

/** The group settled in another assignment, or was seen to rebalance. */
export interface Rebalance extends Told {
  readonly type: "rebalance";
  /** "inferred": from what differs between two looks; "broker": the coordinator told the reason. */
  readonly source: "inferred" | "broker";
  readonly reasons: readonly Reason[];
  /** Epochs of groups of the consumer protocol; null: the broker does not tell. */
  readonly fromGeneration: number | null;
  readonly toGeneration: number | null;
  readonly state: string;
  readonly assignor: string;
  readonly members: number;
  readonly joined: readonly MemberName[];
  readonly left: readonly LeftMember[];
  readonly moved: readonly Move[];
  /** Partitions that stayed where they were. */
  readonly kept: number;
  /** How long those stood still; 0 where members keep what they have while they rebalance. */
  readonly keptPause: Span;
  readonly duration: Span;
}

/** It came back under a new member id, and nothing moved (KIP-345). */
export interface StaticMemberReturned extends Told {
  readonly type: "staticMemberReturned";
  readonly groupInstanceId: string;
  readonly oldMemberId: string;
  readonly newMemberId: string;
}

export interface GroupAppeared extends Told {
  readonly type: "groupAppeared";
}

/** Deleted, or expired. */
export interface GroupGone extends Told {
  readonly type: "groupGone";
}

export interface CoordinatorMoved extends Told {
  readonly type: "coordinatorMoved";
  readonly from: number;
  readonly to: number;
}

/** Nothing is seen from now on. */
export interface LooksFail extends Told {
  readonly type: "looksFail";
  readonly error: string;
}

export interface LooksGoOn extends Told {
  readonly type: "looksGoOn";
  readonly blindMs: number;
}

export interface WatchEnded extends Told {
  readonly type: "watchEnded";
}
