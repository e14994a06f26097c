import type { DeletedGroup } from "../../group/requests.ts";
import type { DeleteGroups } from "../../protocol/apis/delete-groups.ts";
import type { Handler, RequestContext } from "../context.ts";
import { askGroup } from "../groups.ts";

export const deleteGroups: Handler<typeof DeleteGroups> = async (request, context) => {
  // A group that is named twice is deleted and told once.
  const groupIds = [...new Set(request.groupsNames)];
  return { results: await Promise.all(groupIds.map((groupId) => deleteGroup(groupId, context))) };
};

async function deleteGroup(groupId: string, context: RequestContext): Promise<DeletedGroup> {
  const outcome = await askGroup("DeleteGroup", groupId, { groupId }, context);
  return outcome.ok ? outcome.reply : { groupId, errorCode: outcome.errorCode };
}
