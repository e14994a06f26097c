import type { ListedGroup, ListGroupsFilter } from "./requests.ts";
import { type Shard, stateOf } from "./shard.ts";

const groupType = "classic";

/** The groups of the shard; names in the filters are compared without case, unknown ones match nothing (rule 43). */
export function listGroups(shard: Shard, { statesFilter, typesFilter }: ListGroupsFilter): ListedGroup[] {
  const states = statesFilter.map((state) => state.toLowerCase());
  const types = typesFilter.map((type) => type.toLowerCase());
  if (types.length > 0 && !types.includes(groupType)) return [];
  const listed: ListedGroup[] = [];
  for (const [groupId, saved] of shard.durable.groups) {
    const groupState = stateOf(shard, groupId);
    if (states.length > 0 && !states.includes(groupState.toLowerCase())) continue;
    const protocolType = shard.live.get(groupId)?.protocolType ?? saved.protocolType;
    listed.push({ groupId, protocolType, groupState, groupType });
  }
  return listed;
}
