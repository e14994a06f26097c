import { ErrorCode, isRetriable } from "../../protocol/errors.ts";

/** What an error of the coordinator means for the membership (rule 48), whichever request it answers. */
export type Reaction =
  /** The group rebalances: this member is to join again. */
  | "rejoin"
  /** The generation is over for it, what it has is lost; it may come back under its member id. */
  | "loseGeneration"
  /** The group does not know it: it comes back as a new member. */
  | "loseMembership"
  /** Another broker coordinates the group; the membership stays. */
  | "findCoordinator"
  | "retry"
  /** Trying again cannot help: fenced, not allowed, a configuration that the group or the broker refuses. */
  | "fail";

const reactions: Readonly<Record<number, Reaction>> = {
  [ErrorCode.REBALANCE_IN_PROGRESS]: "rejoin",
  [ErrorCode.ILLEGAL_GENERATION]: "loseGeneration",
  [ErrorCode.UNKNOWN_MEMBER_ID]: "loseMembership",
  [ErrorCode.NOT_COORDINATOR]: "findCoordinator",
  [ErrorCode.COORDINATOR_NOT_AVAILABLE]: "findCoordinator",
  [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS]: "retry",
  /** What a leader's sync is answered when its plan is too large to be written (rule 59); the group rebalances. */
  [ErrorCode.UNKNOWN_SERVER_ERROR]: "retry",
  [ErrorCode.FENCED_INSTANCE_ID]: "fail",
};

export function reactionTo(errorCode: number): Reaction {
  return reactions[errorCode] ?? (isRetriable(errorCode) ? "retry" : "fail");
}
