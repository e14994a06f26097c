import { ErrorCode } from "../protocol/errors.ts";
import type { ClassicGroup } from "./classic/classic-group.ts";
import type { DescribedGroup } from "./requests.ts";
import type { Shard } from "./shard.ts";

/** A group as its admins see it; an unknown one is Dead, and from v6 on an error (rule 43). */
export function describeGroup(shard: Shard, groupId: string, version: number): DescribedGroup {
  const saved = shard.durable.groups.get(groupId);
  if (saved === undefined) {
    const isError = version >= 6;
    return {
      ...empty,
      groupId,
      groupState: "Dead",
      errorCode: isError ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NONE,
      errorMessage: isError ? `Group ${groupId} not found.` : null,
    };
  }
  const live = shard.live.get(groupId);
  if (live === undefined) return { ...empty, groupId, groupState: "Empty", protocolType: saved.protocolType };
  return {
    ...empty,
    groupId,
    groupState: live.state,
    protocolType: live.protocolType,
    protocolData: live.state === "Stable" ? (live.protocolName ?? "") : "",
    members: describeMembers(live),
  };
}

const empty = { errorCode: ErrorCode.NONE, errorMessage: null, protocolType: "", protocolData: "", members: [] };
const noMetadata = new Uint8Array(0);

/** What members subscribe to is told only in Stable; in the other states it may be about to change. */
function describeMembers(group: ClassicGroup): DescribedGroup["members"] {
  const { state, protocolName } = group;
  return Array.from(group.members.values(), (member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberMetadata: state === "Stable" && protocolName !== null ? member.metadata(protocolName) : noMetadata,
    memberAssignment: member.assignment,
  }));
}
