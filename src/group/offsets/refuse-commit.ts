import { ErrorCode } from "../../protocol/errors.ts";
import { refuseStranger } from "../classic/refuse-stranger.ts";
import { type Shard, stateOf } from "../shard.ts";

/** Who commits: the part of a request that OffsetCommit and TxnOffsetCommit have in common. */
export interface Committer {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generation: number;
}

/** Whether the group takes offsets from it now (rules 34 to 36). */
export function refuseCommit(shard: Shard, committer: Committer, version: number): ErrorCode {
  const { groupId, generation } = committer;
  const state = stateOf(shard, groupId);
  if (state === "Dead") {
    // Without a generation it comes from an admin, or from a consumer that keeps only its offsets here (rule 34).
    if (generation < 0) return ErrorCode.NONE;
    return version >= 9 ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION;
  }
  if (generation < 0 && state === "Empty") return ErrorCode.NONE;
  if (isNobody(committer)) return ErrorCode.UNKNOWN_MEMBER_ID;
  const refusal = refuseMember(shard, committer);
  if (refusal !== ErrorCode.NONE) return refusal;
  return state === "CompletingRebalance" ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}

/** The same for offsets of a transaction: taken in every state, and from nobody in particular (rule 41). */
export function refuseTransactionalCommit(shard: Shard, committer: Committer): ErrorCode {
  const { groupId, generation } = committer;
  const state = stateOf(shard, groupId);
  if (state === "Dead") return generation < 0 ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
  if (generation < 0 && state === "Empty") return ErrorCode.NONE;
  return isNobody(committer) ? ErrorCode.NONE : refuseMember(shard, committer);
}

/** It names no generation, no member and no instance. */
function isNobody({ generation, memberId, groupInstanceId }: Committer): boolean {
  return generation < 0 && memberId === "" && groupInstanceId === null;
}

function refuseMember(shard: Shard, { groupId, memberId, groupInstanceId, generation }: Committer): ErrorCode {
  const group = shard.live.get(groupId);
  const refusal = refuseStranger(group, memberId, groupInstanceId);
  if (group === undefined || refusal !== ErrorCode.NONE) return refusal;
  return generation === group.generation ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
}
