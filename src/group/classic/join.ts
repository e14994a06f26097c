import type { ReplyToken } from "../../coordinator/machine.ts";
import type { JoinGroupRequest } from "../../protocol/apis/join-group.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { maxStringBytes } from "../../protocol/reader.ts";
import { utf8 } from "../../protocol/utf8.ts";
import { appendError } from "../append-error.ts";
import { newMemberId } from "../member-id.ts";
import { newGroup } from "../record.ts";
import type { GroupRequest } from "../requests.ts";
import { forgetIfIdle, type GroupContext, type Shard } from "../shard.ts";
import { joined, joinRefused, parkJoin } from "./answers.ts";
import { ClassicGroup } from "./classic-group.ts";
import { Member, type MemberTerms, PendingMember, type Protocol, sameProtocols } from "./member.ts";
import { refuseStranger } from "./refuse-stranger.ts";
import { completeJoinIfAllJoined, rebalance } from "./round.ts";
import { startFirstSession } from "./sessions.ts";
import { replaceStaticMember } from "./static-join.ts";

/** One JoinGroup on its way through the rules. */
export interface Join {
  readonly shard: Shard;
  readonly request: GroupRequest<JoinGroupRequest>;
  readonly token: ReplyToken;
  readonly context: GroupContext;
}

/** A member enters the group, or its next generation (rules 3 to 18): parked until the round completes. */
export function joinGroup(join: Join): void {
  const { shard, request, context } = join;
  const { groupId, memberId, sessionTimeoutMs } = request.body;
  if (groupId === "") return refuse(join, ErrorCode.INVALID_GROUP_ID, memberId);
  const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = shard.config;
  if (sessionTimeoutMs < groupMinSessionTimeoutMs || sessionTimeoutMs > groupMaxSessionTimeoutMs) {
    return refuse(join, ErrorCode.INVALID_SESSION_TIMEOUT, memberId);
  }
  if (!shard.durable.groups.has(groupId)) {
    if (memberId !== "") return refuse(join, ErrorCode.UNKNOWN_MEMBER_ID, memberId);
    const admission = context.emit([newGroup(groupId, context.now.wallMs)]);
    if (!admission.ok) return refuse(join, appendError(admission.errorCode), "");
  }
  const group = liveGroup(shard, groupId);
  if (isFull(shard, group, memberId)) refuseFull(join, group);
  else if (memberId === "") joinAsNew(join, group);
  else joinAgain(join, group);
  forgetIfIdle(shard, groupId);
}

export function refuse({ token, context }: Join, errorCode: ErrorCode, memberId: string): void {
  context.reply(token, joinRefused(errorCode, memberId));
}

function liveGroup(shard: Shard, groupId: string): ClassicGroup {
  let group = shard.live.get(groupId);
  if (group === undefined) {
    group = new ClassicGroup(groupId, shard.durable.groups.get(groupId)!);
    shard.live.set(groupId, group);
  }
  return group;
}

/** While members rejoin, those that have count: of a group that is too large the last to rejoin is sent away. */
function isFull({ config }: Shard, group: ClassicGroup, memberId: string): boolean {
  const member = group.members.get(memberId);
  switch (group.state) {
    case "PreparingRebalance":
      return (member === undefined || member.parkedJoin === null) && group.parkedJoins >= config.groupMaxSize;
    case "CompletingRebalance":
    case "Stable":
      return member === undefined && group.members.size >= config.groupMaxSize;
    default:
      return false;
  }
}

function refuseFull(join: Join, group: ClassicGroup): void {
  const { shard, request, context } = join;
  refuse(join, ErrorCode.GROUP_MAX_SIZE_REACHED, "");
  const { memberId } = request.body;
  const pending = group.pending.get(memberId);
  if (pending !== undefined) forgetPending(pending, context);
  const member = group.members.get(memberId);
  if (member !== undefined) group.remove(member, context);
  // Kafka lets those who wait for the one sent away wait for the timer; nobody else would bring the round to its end.
  completeJoinIfAllJoined(shard, group, context);
}

function joinAsNew(join: Join, group: ClassicGroup): void {
  const { request, context } = join;
  const { body, version, clientId } = request;
  if (!offersAreSupported(join, group)) return refuse(join, ErrorCode.INCONSISTENT_GROUP_PROTOCOL, "");
  const { groupInstanceId } = body;
  const memberId = newMemberId(groupInstanceId ?? clientId, context.rng);
  if (utf8.utf8Length(memberId) > maxStringBytes) return refuse(join, ErrorCode.UNKNOWN_SERVER_ERROR, "");
  const known = groupInstanceId === null ? undefined : group.staticMembers.get(groupInstanceId);
  if (known !== undefined) return replaceStaticMember(join, group, known, memberId);
  if (groupInstanceId === null && version >= 4) return handOutMemberId(join, group, memberId);
  addMember(join, group, memberId);
}

/** KIP-394: a client that never hears its member id would leave a member behind with each attempt. */
function handOutMemberId(join: Join, group: ClassicGroup, memberId: string): void {
  const { request, context } = join;
  const pending = new PendingMember(group, memberId);
  group.pending.set(memberId, pending);
  context.schedule(pending.timer, context.now.monotonicMs + request.body.sessionTimeoutMs);
  refuse(join, ErrorCode.MEMBER_ID_REQUIRED, memberId);
}

function joinAgain(join: Join, group: ClassicGroup): void {
  const { shard, request, token, context } = join;
  const { memberId, groupInstanceId } = request.body;
  if (!offersAreSupported(join, group)) return refuse(join, ErrorCode.INCONSISTENT_GROUP_PROTOCOL, memberId);
  const pending = group.pending.get(memberId);
  if (pending !== undefined) {
    if (groupInstanceId !== null) return refuse(join, ErrorCode.UNKNOWN_SERVER_ERROR, "");
    forgetPending(pending, context);
    return addMember(join, group, memberId);
  }
  const refusal = refuseStranger(group, memberId, groupInstanceId);
  if (refusal !== ErrorCode.NONE) return context.reply(token, joinRefused(refusal, memberId, null));
  const member = group.members.get(memberId)!;
  const terms = termsOf(join, member.terms.protocols);
  if (!mustRebalance(group, member, terms)) return context.reply(token, joined(group, member));
  group.update(member, terms);
  parkJoin(member, token, context);
  rebalance(shard, group, `member ${memberId} rejoined${clientReason(join)}`, context);
}

/** Rules 16 and 17. The leader rejoins when what it plans with has changed, such as the partitions of a topic. */
function mustRebalance(group: ClassicGroup, member: Member, { protocols }: MemberTerms): boolean {
  if (group.state === "PreparingRebalance") return true;
  if (group.state === "Stable" && group.isLeader(member.memberId)) return true;
  return !sameProtocols(member.terms.protocols, protocols);
}

function addMember(join: Join, group: ClassicGroup, memberId: string): void {
  const { shard, request, token, context } = join;
  const { clientId, clientHost, body } = request;
  const { groupInstanceId } = body;
  const member = new Member(group, { memberId, groupInstanceId, clientId, clientHost }, termsOf(join));
  member.isNew = true;
  if (group.initialDelay !== null) group.initialDelay.newMemberAdded = true;
  if (group.members.size === 0) group.protocolType = body.protocolType;
  group.add(member);
  parkJoin(member, token, context);
  startFirstSession(member, context);
  const name = groupInstanceId === null ? memberId : `${memberId} with instance id ${groupInstanceId}`;
  rebalance(shard, group, `new member ${name}${clientReason(join)}`, context);
}

function forgetPending({ group, memberId, timer }: PendingMember, context: GroupContext): void {
  group.pending.delete(memberId);
  context.cancel(timer);
}

function offersAreSupported({ request }: Join, group: ClassicGroup): boolean {
  const { protocolType, protocols } = request.body;
  return group.supports(protocolType, protocols);
}

/** @param known what the member offered until now: most offer the same again, of which no second copy is made. */
export function termsOf({ request }: Join, known: readonly Protocol[] = []): MemberTerms {
  const { sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request.body;
  return {
    sessionTimeoutMs,
    rebalanceTimeoutMs: request.version === 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
    protocols: sameProtocols(known, protocols) ? known : ownProtocols(protocols),
  };
}

/** What the request offers, with bytes of its own: those of the request are a view of its frame. */
function ownProtocols(protocols: readonly Protocol[]): Protocol[] {
  const names = new Set<string>();
  return protocols
    .filter(({ name }) => !names.has(name) && names.add(name))
    .map(({ name, metadata }) => ({ name, metadata: metadata.slice() }));
}

/** Rule 18. */
export function clientReason({ request }: Join): string {
  return `; client reason: ${request.body.reason || "not provided"}`;
}
