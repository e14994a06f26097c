/** What a member is told. */
import type { ClusterTopics } from "../../assignment/partition-assignor.ts";
import type { MemberRequests, MemberRequestType, RequestId } from "./member-request.ts";

export type MemberEvent =
  /** The topics that the application wants; of a pattern those that match it now, which may be none. */
  | { readonly type: "subscribe"; readonly topics: readonly string[] }
  /** It wants to be in no group any more, for now: what it has is revoked, then it leaves. */
  | { readonly type: "unsubscribe" }
  /** What the client knows of its topics is new: at least of those that the last `watch` named. */
  | { readonly type: "metadata"; readonly topics: ClusterTopics }
  /** The application waits for records. The first time, it makes the member join. */
  | { readonly type: "poll" }
  /** The application was given records; max.poll.interval.ms runs until the next poll. */
  | { readonly type: "busy" }
  | MemberAnswer
  /** A request was not answered: the connection broke, could not be made, or took too long. */
  | { readonly type: "failed"; readonly id: RequestId }
  /** An answer cannot come, and asking again would not help: wrong credentials, no common version, … */
  | { readonly type: "refused"; readonly id: RequestId; readonly error: Error }
  /** The coordinator is not to be reached, or said of itself that it is none (to a commit, say). */
  | { readonly type: "coordinatorLost" }
  /** A commit was answered with an error; `generationId` and `memberId` are those that it was sent with. */
  | {
      readonly type: "commitFailed";
      readonly errorCode: number;
      readonly generationId: number;
      readonly memberId: string;
    }
  /** The `revoke`, `lose` or `assign` of the action is done. */
  | { readonly type: "callbackDone" }
  /** `wakeAtMs` has come. */
  | { readonly type: "wake" }
  /** The application wants a new assignment (KIP-568). */
  | { readonly type: "enforceRebalance"; readonly reason: string }
  /**
   * The consumer goes: what it has is revoked, then it leaves the group.
   * `leave` "default": static members stay (KIP-1092).
   */
  | { readonly type: "close"; readonly leave: "default" | "leave" | "remain"; readonly timeoutMs: number };

export type MemberAnswer = {
  readonly [K in MemberRequestType]: {
    readonly type: "answer";
    readonly id: RequestId;
    readonly api: K;
    readonly response: MemberRequests[K]["response"];
  };
}[MemberRequestType];
