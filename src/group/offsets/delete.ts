import type { ReplyToken } from "../../coordinator/machine.ts";
import type { OffsetDeleteRequest } from "../../protocol/apis/offset-delete.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { appendError } from "../append-error.ts";
import { consumerProtocolType } from "../consumer-protocol.ts";
import { offsetTombstone } from "../record.ts";
import { type GroupContext, type Shard, stateOf } from "../shard.ts";
import { subscribes } from "../subscribed-topics.ts";

/** An admin takes offsets away from a group; not those of topics that its members read (rule 40). */
export function deleteOffsets(shard: Shard, body: OffsetDeleteRequest, token: ReplyToken, context: GroupContext): void {
  const { groupId } = body;
  const refusal = refuse(shard, groupId);
  if (refusal !== ErrorCode.NONE) return context.reply(token, { errorCode: refusal, topics: [] });
  const isSubscribed = subscribes(shard, groupId);
  const records = body.topics
    .filter(({ name }) => !isSubscribed(name))
    .flatMap(({ name, partitions }) =>
      partitions
        .filter(({ partitionIndex }) => shard.durable.hasOffset(groupId, name, partitionIndex))
        .map(({ partitionIndex }) => offsetTombstone(groupId, name, partitionIndex)),
    );
  const admission = records.length === 0 ? ({ ok: true } as const) : context.emit(records);
  if (!admission.ok) return context.reply(token, { errorCode: appendError(admission.errorCode), topics: [] });
  context.reply(token, {
    errorCode: ErrorCode.NONE,
    topics: body.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: isSubscribed(name) ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE,
      })),
    })),
  });
}

function refuse(shard: Shard, groupId: string): ErrorCode {
  if (groupId === "") return ErrorCode.INVALID_GROUP_ID;
  const state = stateOf(shard, groupId);
  if (state === "Dead") return ErrorCode.GROUP_ID_NOT_FOUND;
  const isReadable = shard.live.get(groupId)?.protocolType === consumerProtocolType;
  return state === "Empty" || isReadable ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
}
