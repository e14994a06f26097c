import type { OffsetDelete } from "../../protocol/apis/offset-delete.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";
import { askGroup } from "../groups.ts";
import { joinTopics, splitTopics } from "../known-topics.ts";

/** An error of the group is told alone; else each partition has its own (rule 40). */
export const offsetDelete: Handler<typeof OffsetDelete> = async (request, context) => {
  const { known, unknown } = splitTopics(request.topics, false, context.broker.metadata);
  const outcome = await askGroup("OffsetDelete", request.groupId, { ...request, topics: known }, context);
  const errorCode = outcome.ok ? outcome.reply.errorCode : outcome.errorCode;
  if (!outcome.ok || errorCode !== ErrorCode.NONE) return { errorCode, topics: [] };
  const topics = joinTopics(unknown, outcome.reply.topics, false) as { name: string; partitions: [] }[];
  return { errorCode, topics };
};
