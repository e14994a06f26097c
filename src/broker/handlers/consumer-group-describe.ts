import type { ConsumerGroupDescribe } from "../../protocol/apis/consumer-group-describe.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler, RequestContext } from "../context.ts";
import { askGroup } from "../groups.ts";

/** Java's tools ask this of every group first. All groups here are classic ones: no group is of the type asked for. */
export const consumerGroupDescribe: Handler<typeof ConsumerGroupDescribe> = async (request, context) => {
  return { groups: await Promise.all(request.groupIds.map((groupId) => describe(groupId, context))) };
};

async function describe(groupId: string, context: RequestContext) {
  if (groupId === "") return { ...nothing, groupId, errorCode: ErrorCode.INVALID_GROUP_ID };
  const outcome = await askGroup("DescribeGroup", groupId, { groupId }, context);
  if (!outcome.ok) return { ...nothing, groupId, errorCode: outcome.errorCode };
  const errorMessage =
    outcome.reply.groupState === "Dead" ? `Group ${groupId} not found.` : `Group ${groupId} is not a consumer group.`;
  return { ...nothing, groupId, errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage };
}

const nothing = { groupState: "", groupEpoch: 0, assignmentEpoch: 0, assignorName: "", members: [] };
