import type { ReplyToken } from "../coordinator/machine.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { appendError } from "./append-error.ts";
import { type GroupRecord, groupTombstone, offsetTombstone } from "./record.ts";
import { type GroupContext, type Shard, stateOf } from "./shard.ts";

/** An Empty group goes with all its offsets (rule 40). */
export function deleteGroup(shard: Shard, groupId: string, token: ReplyToken, context: GroupContext): void {
  context.reply(token, { groupId, errorCode: tryDelete(shard, groupId, context) });
}

function tryDelete(shard: Shard, groupId: string, context: GroupContext): ErrorCode {
  const state = stateOf(shard, groupId);
  if (state === "Dead") return ErrorCode.GROUP_ID_NOT_FOUND;
  if (state !== "Empty") return ErrorCode.NON_EMPTY_GROUP;
  const admission = context.emit(deleteRecords(shard, groupId));
  if (!admission.ok) return appendError(admission.errorCode);
  forgetGroup(shard, groupId, "an admin deleted it", context);
  return ErrorCode.NONE;
}

/** What transactions left pending goes too: their markers find nothing any more. */
function deleteRecords({ durable }: Shard, groupId: string): GroupRecord[] {
  const records: GroupRecord[] = [];
  for (const [topic, partitions] of durable.offsets.get(groupId) ?? []) {
    for (const partition of partitions.keys()) records.push(offsetTombstone(groupId, topic, partition));
  }
  for (const { topic, partition } of durable.pending.ofGroup(groupId)) {
    if (durable.committed(groupId, topic, partition) === undefined) {
      records.push(offsetTombstone(groupId, topic, partition));
    }
  }
  records.push(groupTombstone(groupId));
  return records;
}

/** After its tombstone: member ids that were handed out and not used yet are forgotten. */
export function forgetGroup(shard: Shard, groupId: string, reason: string, context: GroupContext): void {
  const live = shard.live.get(groupId);
  if (live !== undefined) {
    for (const { timer } of live.pending.values()) context.cancel(timer);
    live.turnTo("Dead", context.now.wallMs);
    shard.live.delete(groupId);
  }
  context.publish({ type: "GroupDeleted", group: groupId, reason });
}
