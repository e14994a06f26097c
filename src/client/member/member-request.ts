/** What a member asks, of whom, and what comes back. */
import type { ClusterTopics } from "../../assignment/partition-assignor.ts";
import type { Heartbeat } from "../../protocol/apis/heartbeat.ts";
import type { JoinGroup } from "../../protocol/apis/join-group.ts";
import type { LeaveGroup } from "../../protocol/apis/leave-group.ts";
import type { SyncGroup } from "../../protocol/apis/sync-group.ts";
import type { RequestInput, ResponseOf } from "../../protocol/schema.ts";

/**
 * FindCoordinator and Metadata are asked of any broker, by whatever means the client has; the others go to the
 * coordinator that was found last.
 */
export type MemberRequests = {
  FindCoordinator: { readonly request: { readonly groupId: string }; readonly response: FoundCoordinator };
  /** Fresh, not what is remembered: the leader plans with it. */
  Metadata: {
    readonly request: { readonly topics: readonly string[] };
    readonly response: { readonly topics: ClusterTopics };
  };
  JoinGroup: { readonly request: RequestInput<typeof JoinGroup>; readonly response: ResponseOf<typeof JoinGroup> };
  SyncGroup: { readonly request: RequestInput<typeof SyncGroup>; readonly response: ResponseOf<typeof SyncGroup> };
  Heartbeat: {
    /** @property maxWaitMs above 0: the coordinator may hold the answer back that long; see FoundCoordinator. */
    readonly request: RequestInput<typeof Heartbeat> & { readonly maxWaitMs: number };
    readonly response: HeartbeatAnswer;
  };
  LeaveGroup: {
    readonly request: LeaveRequest;
    readonly response: Pick<ResponseOf<typeof LeaveGroup>, "errorCode">;
  };
};

export interface FoundCoordinator {
  readonly errorCode: number;
  readonly nodeId: number;
  /** How long this coordinator holds a heartbeat back, at most, until the group rebalances; 0: it does not. */
  readonly heartbeatMaxWaitMs: number;
}

export interface HeartbeatAnswer {
  readonly errorCode: number;
  /** As FoundCoordinator's, if it is known anew: at the same address there may be another broker by now. */
  readonly heartbeatMaxWaitMs?: number | undefined;
}

export interface LeaveRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly reason: string;
}

export type MemberRequestType = keyof MemberRequests;

/** Names a request in the event that answers it. */
export type RequestId = number;

export type MemberRequest = {
  readonly [K in MemberRequestType]: {
    readonly id: RequestId;
    readonly api: K;
    readonly body: MemberRequests[K]["request"];
    /** Without an answer by then it counts as failed. */
    readonly timeoutMs: number;
  };
}[MemberRequestType];

/** Versions 0–2 carry one member, at the top (KIP-345). */
export function leaveGroupBody({ groupId, memberId, groupInstanceId, reason }: LeaveRequest, version: number) {
  if (version < 3) return { groupId, memberId, members: [] };
  return { groupId, members: [{ memberId, groupInstanceId, reason }] };
}

export const joinLane = "group";

/**
 * The connection that a request goes over: a parked request holds back all behind it (rule 58), and a join, a heartbeat
 * that waits, and leaving must not wait for each other.
 */
export function laneOf({ api, body }: MemberRequest): "main" | typeof joinLane | "heartbeat" {
  if (api === "JoinGroup" || api === "SyncGroup") return joinLane;
  return api === "Heartbeat" && body.maxWaitMs > 0 ? "heartbeat" : "main";
}
