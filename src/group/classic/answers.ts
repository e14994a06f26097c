import type { ReplyToken } from "../../coordinator/machine.ts";
import type { JoinGroupResponse } from "../../protocol/apis/join-group.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { GroupContext } from "../shard.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { type Member, noAssignment } from "./member.ts";

export function joinRefused(
  errorCode: ErrorCode,
  memberId: string,
  protocolName: string | null = "",
): JoinGroupResponse {
  return { errorCode, protocolName, leader: "", memberId, members: [] };
}

/** The current generation; the leader is told who is in it, and what they say to its assignor (rule 14). */
export function joined(group: ClassicGroup, member: Member): JoinGroupResponse {
  return {
    errorCode: ErrorCode.NONE,
    generationId: group.generation,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.leaderId ?? "",
    memberId: member.memberId,
    members: group.isLeader(member.memberId) ? memberList(group) : [],
  };
}

function memberList(group: ClassicGroup): NonNullable<JoinGroupResponse["members"]> {
  const { protocolName } = group;
  if (protocolName === null) throw new Error(`Group ${group.groupId} has members and no assignor`);
  return Array.from(group.members.values(), (member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: member.metadata(protocolName),
  }));
}

/** Keeps the join until the round completes. One that the member had parked before is never answered (rule 20). */
export function parkJoin(member: Member, token: ReplyToken, context: GroupContext): void {
  if (member.parkedJoin === null) member.group.parkedJoins++;
  else context.drop(member.parkedJoin);
  member.parkedJoin = token;
}

export function answerJoin(member: Member, response: JoinGroupResponse, context: GroupContext): void {
  if (member.parkedJoin === null) return;
  context.reply(member.parkedJoin, response);
  member.parkedJoin = null;
  member.group.parkedJoins--;
}

export function parkSync(member: Member, token: ReplyToken, context: GroupContext): void {
  if (member.parkedSync !== null) context.drop(member.parkedSync);
  member.parkedSync = token;
}

/** @returns whether a sync was parked. */
export function answerSync(member: Member, errorCode: ErrorCode, context: GroupContext): boolean {
  if (member.parkedSync === null) return false;
  context.reply(
    member.parkedSync,
    errorCode === ErrorCode.NONE ? synced(member) : { errorCode, assignment: noAssignment },
  );
  member.parkedSync = null;
  return true;
}

export function synced(member: Member) {
  const { protocolType, protocolName } = member.group;
  return { errorCode: ErrorCode.NONE, protocolType, protocolName, assignment: member.assignment };
}
