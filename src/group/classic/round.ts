import { ErrorCode } from "../../protocol/errors.ts";
import { consumerProtocolType } from "../consumer-protocol.ts";
import type { GroupRebalanceCompleted } from "../facts.ts";
import type { GroupMetadata } from "../record.ts";
import type { GroupContext, Shard } from "../shard.ts";
import { answerJoin, answerSync, joined } from "./answers.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { noAssignment } from "./member.ts";
import { movedPartitions } from "./moved-partitions.ts";
import { answerHeartbeat } from "./parked-heartbeat.ts";
import { resetSession } from "./sessions.ts";

/** Starts a round where the state allows one; else lets the open one complete if all are there. */
export function rebalance(shard: Shard, group: ClassicGroup, reason: string, context: GroupContext): void {
  if (group.state === "PreparingRebalance") completeJoinIfAllJoined(shard, group, context);
  else prepareRebalance(shard, group, reason, context);
}

export function prepareRebalance(shard: Shard, group: ClassicGroup, reason: string, context: GroupContext): void {
  if (group.state === "CompletingRebalance") giveUpAssignments(group, ErrorCode.REBALANCE_IN_PROGRESS, context);
  group.pendingSyncs.clear();
  context.cancel(group.syncTimer);
  group.round ??= { reason, startedMs: context.now.monotonicMs, fromGeneration: group.generation };
  const wasEmpty = group.state === "Empty";
  group.turnTo("PreparingRebalance", context.now.wallMs);
  context.publish({
    type: "GroupRebalanceStarted",
    group: group.groupId,
    reason,
    fromGeneration: group.generation,
    members: group.members.size,
  });
  for (const member of group.members.values()) answerHeartbeat(member, ErrorCode.REBALANCE_IN_PROGRESS, context);
  if (wasEmpty) startInitialDelay(shard, group, context);
  else if (group.allJoined) completeJoin(shard, group, context);
  else scheduleJoinTimer(group, group.rebalanceTimeoutMs, context);
}

/** The first round of an Empty group waits for more members, as long as its first member's rebalance timeout allows. */
function startInitialDelay(shard: Shard, group: ClassicGroup, context: GroupContext): void {
  const delayMs = shard.config.groupInitialRebalanceDelayMs;
  group.initialDelay = {
    delayMs,
    remainingMs: Math.max(group.rebalanceTimeoutMs - delayMs, 0),
    newMemberAdded: false,
  };
  scheduleJoinTimer(group, delayMs, context);
}

/** With the last one that was waited for the round completes; the initial delay is waited for in full (rule 10). */
export function completeJoinIfAllJoined(shard: Shard, group: ClassicGroup, context: GroupContext): void {
  if (group.state === "PreparingRebalance" && group.initialDelay === null && group.allJoined) {
    completeJoin(shard, group, context);
  }
}

/** The join phase has lasted long enough (rules 10, 11). */
export function joinTimeout(shard: Shard, group: ClassicGroup, context: GroupContext): void {
  const delay = group.initialDelay;
  if (delay === null || !delay.newMemberAdded || delay.remainingMs === 0) return completeJoin(shard, group, context);
  const nextMs = Math.min(shard.config.groupInitialRebalanceDelayMs, delay.remainingMs);
  delay.remainingMs = Math.max(delay.remainingMs - delay.delayMs, 0);
  delay.delayMs = nextMs;
  delay.newMemberAdded = false;
  scheduleJoinTimer(group, nextMs, context);
}

/**
 * Ends the join phase: dynamic members that have not rejoined are out, static ones stay, the generation grows by one
 * (rules 11, 15). With nobody there but static members that are away the group goes on waiting.
 */
export function completeJoin(shard: Shard, group: ClassicGroup, context: GroupContext): void {
  context.cancel(group.joinTimer);
  for (const member of group.members.values()) {
    if (member.parkedJoin === null && !member.isStatic) group.remove(member, context);
  }
  if (group.members.size > 0 && !electLeader(group)) {
    scheduleJoinTimer(group, group.rebalanceTimeoutMs, context);
    return;
  }
  group.initialDelay = null;
  group.generation++;
  group.pendingSyncs.clear();
  if (group.members.size === 0) becomeEmpty(shard, group, context);
  else startSyncPhase(group, context);
}

/** The leader stays if it has rejoined, else one of those that have takes its place (rule 12). */
function electLeader(group: ClassicGroup): boolean {
  const leader = group.leaderId === null ? undefined : group.members.get(group.leaderId);
  if (leader !== undefined && leader.parkedJoin !== null) return true;
  for (const member of group.members.values()) {
    if (member.parkedJoin === null) continue;
    group.leaderId = member.memberId;
    return true;
  }
  return false;
}

function becomeEmpty(shard: Shard, group: ClassicGroup, context: GroupContext): void {
  const before = shard.durable.groups.get(group.groupId);
  group.protocolName = null;
  group.subscriptions = group.protocolType === consumerProtocolType ? [] : null;
  group.turnTo("Empty", context.now.wallMs);
  // Refused: after a restart the old generation is back and its sessions run out. Until then the live group knows.
  const value = group.metadata(() => noAssignment);
  context.emit([{ type: "GroupMetadata", group: group.groupId, value }]);
  publishCompleted(group, before, value, context);
}

function startSyncPhase(group: ClassicGroup, context: GroupContext): void {
  const protocolName = group.chooseProtocol();
  group.protocolName = protocolName;
  group.subscriptions = Array.from(group.members.values(), (member) => member.metadata(protocolName));
  group.turnTo("CompletingRebalance", context.now.wallMs);
  for (const member of group.members.values()) {
    answerJoin(member, joined(group, member), context);
    resetSession(member, context);
    member.isNew = false;
    group.pendingSyncs.add(member);
  }
  context.schedule(group.syncTimer, context.now.monotonicMs + group.rebalanceTimeoutMs);
}

/** Members that have not synced within the rebalance timeout are out, static ones too (rule 22). */
export function syncTimeout(shard: Shard, group: ClassicGroup, context: GroupContext): void {
  const late = [...group.pendingSyncs];
  for (const member of late) group.remove(member, context);
  const names = late.map(({ memberId }) => memberId).join(", ");
  prepareRebalance(shard, group, `no SyncGroup within the rebalance timeout from ${names}`, context);
}

/** The round ends without a plan: all that wait for their assignment are told so. */
export function giveUpAssignments(group: ClassicGroup, errorCode: ErrorCode, context: GroupContext): void {
  for (const member of group.members.values()) {
    member.assignment = noAssignment;
    if (answerSync(member, errorCode, context)) resetSession(member, context);
  }
}

/** @param before the group as the log knew it until now. */
export function publishCompleted(
  group: ClassicGroup,
  before: GroupMetadata | undefined,
  after: GroupMetadata,
  context: GroupContext,
): void {
  const { round } = group;
  if (round === null) throw new Error(`Group ${group.groupId} completes a round that has not begun`);
  group.round = null;
  const old = new Set(before?.members.map(({ memberId }) => memberId));
  const fact: GroupRebalanceCompleted = {
    type: "GroupRebalanceCompleted",
    group: group.groupId,
    reason: round.reason,
    fromGeneration: round.fromGeneration,
    toGeneration: group.generation,
    protocolType: group.protocolType,
    assignor: group.protocolName,
    leader: group.leaderId,
    members: group.members.size,
    joined: [...group.members.keys()].filter((memberId) => !old.has(memberId)),
    left: [...old].filter((memberId) => !group.members.has(memberId)),
    movedPartitions: movedPartitions(before, after),
    durationMs: context.now.monotonicMs - round.startedMs,
  };
  context.publish(fact);
}

function scheduleJoinTimer(group: ClassicGroup, delayMs: number, context: GroupContext): void {
  context.schedule(group.joinTimer, context.now.monotonicMs + delayMs);
}
