/** What tables of groups do not show, or not plainly: told on stderr, a line for each. */
import type { GroupDescription } from "../../client/admin/groups.ts";
import { type GroupPartition, heldBack } from "./group-partitions.ts";
import { partitionList } from "./partition-list.ts";

/** One line for all groups without members, one for all that rebalance. */
export function remarksOnGroups(groups: readonly GroupDescription[]): string[] {
  const empty = groups.filter(({ members }) => members.length === 0).map(({ groupId }) => groupId);
  const moving = groups.filter(({ members, state }) => members.length > 0 && state !== "Stable");
  const states = moving.map(({ groupId, state }) => `${groupId} (${state})`);
  return [
    ...(empty.length === 0 ? [] : [`Without members: ${empty.join(", ")}`]),
    ...(states.length === 0 ? [] : [`Rebalancing: ${states.join(", ")}`]),
  ];
}

/** In a list of partitions nobody sees them. */
export function remarksOnMembers({ groupId, members }: GroupDescription): string[] {
  const idle = members.filter(({ assignment }) => assignment.length === 0);
  if (idle.length === 0) return [];
  return [`Group ${groupId} has members without partitions: ${idle.map(({ memberId }) => memberId).join(", ")}.`];
}

export function remarksOnOffsets(group: GroupDescription, partitions: readonly GroupPartition[]): string[] {
  const { groupId } = group;
  const waits = heldBack(group).map(({ member, partitions: those }) => {
    return `Group ${groupId} waits for ${member.clientId} (${member.memberId}) to give up ${partitionList(those)}.`;
  });
  const ahead = partitions.filter(({ currentOffset, log }) => (currentOffset ?? 0) > (log?.end ?? Infinity));
  const lost = partitions.filter(({ currentOffset, log }) => (currentOffset ?? Infinity) < (log?.start ?? 0));
  return [
    ...(partitions.length === 0 ? [`Group ${groupId} has no offsets.`] : []),
    ...waits,
    ...(ahead.length === 0 ? [] : [`Group ${groupId} has committed beyond the log end: ${partitionList(ahead)}.`]),
    ...(lost.length === 0 ? [] : [`Group ${groupId} has committed below the log start: ${partitionList(lost)}.`]),
  ];
}
