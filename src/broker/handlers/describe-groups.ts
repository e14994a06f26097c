import type { DescribedGroup } from "../../group/requests.ts";
import type { DescribeGroups } from "../../protocol/apis/describe-groups.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { groupOperations, operationsNotAsked } from "../authorized-operations.ts";
import type { Handler, RequestContext } from "../context.ts";
import { askGroup } from "../groups.ts";

export const describeGroups: Handler<typeof DescribeGroups> = async (request, context) => {
  const described = await Promise.all(request.groups.map((groupId) => describe(groupId, context)));
  const groups = described.map((group) => {
    const isTold = request.includeAuthorizedOperations && group.errorCode === ErrorCode.NONE;
    const rebalances = request.includeRebalances ? context.broker.groups.rebalancesOf(group.groupId) : null;
    return { ...group, authorizedOperations: isTold ? groupOperations : operationsNotAsked, rebalances };
  });
  return { groups };
};

async function describe(groupId: string, context: RequestContext): Promise<DescribedGroup> {
  const outcome = await askGroup("DescribeGroup", groupId, { groupId }, context);
  return outcome.ok ? outcome.reply : { ...unknown, groupId, errorCode: outcome.errorCode };
}

const unknown = { errorMessage: null, groupState: "", protocolType: "", protocolData: "", members: [] };
