/**
 * What the broker's handlers ask of one group coordinator shard. Requests that name several groups are split by the
 * handler: one request here is about one group, or (ListGroups, TopicsDeleted) about all groups of the shard.
 *
 * The handler has done before: authorization, unknown topics and partitions (rule 36), topic ids to names (v10+), "no
 * coordinator here" (rule 2), and for TxnOffsetCommit that the group is part of the transaction (rule 41). What is left
 * to it after: a null protocolName of JoinGroup is "" before v7.
 */
import type { TransactionalProducer, TransactionMarker } from "../coordinator/machine.ts";
import type { HeartbeatRequest, HeartbeatResponse } from "../protocol/apis/heartbeat.ts";
import type { JoinGroupRequest, JoinGroupResponse } from "../protocol/apis/join-group.ts";
import type { LeaveGroupRequest, LeaveGroupResponse } from "../protocol/apis/leave-group.ts";
import type { OffsetCommitRequest, OffsetCommitResponse } from "../protocol/apis/offset-commit.ts";
import type { OffsetDeleteRequest, OffsetDeleteResponse } from "../protocol/apis/offset-delete.ts";
import type { SyncGroupRequest, SyncGroupResponse } from "../protocol/apis/sync-group.ts";
import type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from "../protocol/apis/txn-offset-commit.ts";
import type { ErrorCode } from "../protocol/errors.ts";

/** A request as it came from a client: `body` is the wire request of `version`. */
export interface GroupRequest<Body> {
  readonly version: number;
  readonly clientId: string;
  /** As Kafka writes it: "/127.0.0.1". */
  readonly clientHost: string;
  readonly body: Body;
}

// A type alias, not an interface: only aliases are taken for the runtime's Record of requests.
export type GroupRequests = {
  JoinGroup: { readonly request: GroupRequest<JoinGroupRequest>; readonly reply: JoinGroupResponse };
  SyncGroup: { readonly request: GroupRequest<SyncGroupRequest>; readonly reply: SyncGroupResponse };
  Heartbeat: { readonly request: GroupRequest<HeartbeatRequest>; readonly reply: HeartbeatResponse };
  /** Versions 0–2 carry one member; the answer then has its error at the top, as on the wire. */
  LeaveGroup: { readonly request: GroupRequest<LeaveGroupRequest>; readonly reply: LeaveGroupResponse };
  /** Topics by name; `topicId` is kept in the record when the request has one (v10+). */
  OffsetCommit: { readonly request: GroupRequest<OffsetCommitRequest>; readonly reply: OffsetCommitResponse };
  /** Offsets that stay pending until `EndTransaction` of the same producer (rule 41). */
  TxnOffsetCommit: {
    readonly request: GroupRequest<VerifiedOffsets>;
    readonly reply: TxnOffsetCommitResponse;
  };
  /**
   * Internal: a transaction ends in this shard's partition, whatever groups it touched there. Answered when the marker
   * is durable: NONE, INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED, or why there is no place for it.
   */
  EndTransaction: { readonly request: TransactionMarker; readonly reply: ErrorCode };
  OffsetFetch: { readonly request: GroupRequest<OffsetFetchGroup>; readonly reply: OffsetFetchedGroup };
  OffsetDelete: { readonly request: GroupRequest<OffsetDeleteRequest>; readonly reply: OffsetDeleteResponse };
  DescribeGroup: { readonly request: GroupRequest<{ readonly groupId: string }>; readonly reply: DescribedGroup };
  ListGroups: { readonly request: GroupRequest<ListGroupsFilter>; readonly reply: readonly ListedGroup[] };
  DeleteGroup: { readonly request: GroupRequest<{ readonly groupId: string }>; readonly reply: DeletedGroup };
  /** Internal: the topics are gone, so are the offsets that groups committed for them. */
  TopicsDeleted: { readonly request: { readonly topics: readonly DeletedTopic[] }; readonly reply: TopicsDeletedReply };
};

/** Offsets of a transaction that the group's partition is part of. */
export type VerifiedOffsets = TxnOffsetCommitRequest & Pick<TransactionalProducer, "verification">;

export interface OffsetFetchGroup {
  readonly groupId: string;
  /** v9+; checked for consumer groups only (rule 38). */
  readonly memberId: string | null;
  readonly memberEpoch: number;
  /** null: all that the group has committed. */
  readonly topics: readonly OffsetFetchTopic[] | null;
  readonly requireStable: boolean;
}

export interface OffsetFetchTopic {
  readonly name: string;
  /** v10+: offsets that were committed under another id of this name count as not committed. */
  readonly topicId?: string;
  readonly partitionIndexes: readonly number[];
}

export interface OffsetFetchedGroup {
  readonly groupId: string;
  readonly errorCode: ErrorCode;
  readonly topics: readonly OffsetFetchedTopic[];
}

export interface OffsetFetchedTopic {
  readonly name: string;
  readonly partitions: readonly {
    readonly partitionIndex: number;
    /** -1: nothing committed. */
    readonly committedOffset: number;
    readonly committedLeaderEpoch: number;
    readonly metadata: string;
    readonly errorCode: ErrorCode;
  }[];
}

/** The per-group part of DescribeGroupsResponse; the handler adds authorizedOperations. */
export interface DescribedGroup {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly protocolType: string;
  readonly protocolData: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
    readonly memberMetadata: Uint8Array;
    readonly memberAssignment: Uint8Array;
  }[];
}

/** Empty means all; names are compared without case, unknown ones match nothing (rule 43). */
export interface ListGroupsFilter {
  readonly statesFilter: readonly string[];
  readonly typesFilter: readonly string[];
}

export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly groupState: string;
  readonly groupType: string;
}

export interface DeletedGroup {
  readonly groupId: string;
  readonly errorCode: ErrorCode;
}

export interface DeletedTopic {
  readonly name: string;
  /** Offsets that were committed under another id of this name stay. */
  readonly topicId: string;
}

export interface TopicsDeletedReply {
  /** Offsets that were tombstoned. */
  readonly offsets: number;
  readonly errorCode: ErrorCode;
}
