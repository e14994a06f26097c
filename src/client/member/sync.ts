import type { ClusterTopics } from "../../assignment/partition-assignor.ts";
import { consumerProtocolType, decodeAssignment } from "../../protocol/consumer-protocol.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { haveCoordinator } from "./coordinator-link.ts";
import { assign, revoke } from "./give-up.ts";
import { changeSince, plannedTopics } from "./group-plan.ts";
import { parkedTimeoutMs } from "./join.ts";
import type { Member } from "./member.ts";
import type { MemberRequests } from "./member-request.ts";
import { flat, listed, type Partitions, without } from "./partitions.ts";
import { react } from "./react.ts";

/** The leader plans for topics as they are now: members may have joined with topics that it does not know. */
export function askMetadata(member: Member): void {
  const { asked, nowMs, retry, leads, config } = member;
  if (asked !== undefined || nowMs < retry.atMs) return;
  member.asked = member.send("Metadata", { topics: leads!.topics }, config.requestTimeoutMs);
}

export function metadataAnswered(member: Member, topics: ClusterTopics): void {
  const leads = member.leads!;
  member.asked = undefined;
  member.retry.succeeded();
  const planned = plannedTopics(leads.topics, topics, member.config.rackId !== null);
  leads.planned = { topics: planned, ...leads.plan(topics) };
  if (leads.heardMeanwhile !== undefined) metadataChanged(member, leads.heardMeanwhile);
  member.turn("Syncing");
}

/** The leader hands in its plan; all others, and a leader that is not to plan (KIP-814), hand in nothing. */
export function sync(member: Member): void {
  if (member.asked !== undefined || member.nowMs < member.retry.atMs || !haveCoordinator(member)) return;
  const request = {
    groupId: member.config.groupId,
    generationId: member.generationId,
    memberId: member.memberId,
    groupInstanceId: member.config.groupInstanceId,
    protocolType: consumerProtocolType,
    protocolName: member.assignor!.name,
    assignments: member.leads?.planned?.assignments ?? [],
  };
  member.asked = member.send("SyncGroup", request, parkedTimeoutMs(member));
}

/** Whoever was gone while the leader planned is given no bytes at all (rule 21): nothing. */
const nothing = { assignedPartitions: [], userData: null };

export function syncAnswered(
  member: Member,
  { errorCode, assignment: bytes }: MemberRequests["SyncGroup"]["response"],
): void {
  member.asked = undefined;
  if (errorCode !== ErrorCode.NONE) return react(member, "SyncGroup", errorCode);

  member.retry.succeeded();
  const assignment = bytes.length === 0 ? nothing : decodeAssignment(bytes);
  member.assignor!.onAssignment(assignment, member.generationId);
  const given = flat(assignment.assignedPartitions);
  member.assigned = given.filter(({ topic }) => member.topics.includes(topic));
  member.pace.hurry(member.nowMs, groupSize(member));
  if (member.coordinator.heartbeatMaxWaitMs > 0) member.pace.now(member.nowMs);
  const surplus = without(member.owned, member.assigned);
  revoke(member, surplus);
  if (surplus.length > 0) member.rejoinReason ??= `gave up ${listed(surplus)}, as assigned`;
  if (member.assigned.length < given.length) replan(member, without(given, member.assigned));
  member.turn("Revoking");
}

/** The plan is of an earlier subscription: a static member that comes back with another is given it (rule 31). */
function replan(member: Member, strange: Partitions): void {
  member.rejoinReason ??= `was assigned ${listed(strange)}, which is not subscribed to`;
  member.retry.failed(member.nowMs); // the next plan may be no better
}

/** Nothing has to be given up any more: what was assigned is this member's, all of it. */
export function takeAssigned(member: Member): void {
  const { config, owned, assigned, memberId, generationId, nowMs } = member;
  const added = without(assigned, owned);
  const told = member.record.completed(without(assigned, added), added, nowMs);
  member.owned = assigned;
  member.ownedGenerationId = generationId;
  member.lastGenerationId = generationId;
  member.turn("Stable");
  waitForNextRound(member);
  assign(member, added);
  member.act({
    type: "fact",
    fact: {
      type: "MemberRebalanceCompleted",
      group: config.groupId,
      memberId,
      toGeneration: generationId,
      assignor: member.assignor!.name,
      isLeader: member.leads !== undefined,
      assigned: added,
      ...told,
    },
  });
}

/**
 * Who is to give partitions up does so, and joins again. If it dies instead, and is a static member that comes back,
 * nobody joins (rule 31) and nobody is given them. The leader waits as long as giving up may take, then plans again; if
 * that changes nothing it waits twice as long, because each round puts off that a member that is away for good is
 * dropped (rule 33).
 */
function waitForNextRound(member: Member): void {
  const { leads, nowMs, config } = member;
  const leftOut = leads?.planned?.leftOut ?? [];
  if (leftOut.length === 0) member.replanWaitMs = config.maxPollIntervalMs;
  else leads!.replanAtMs = nowMs + member.replanWaitMs;
}

/** @returns why, when the time has come. */
export function mustReplan(member: Member): string | undefined {
  const { leads, nowMs } = member;
  if (leads === undefined || nowMs < leads.replanAtMs) return undefined;
  member.replanWaitMs *= 2;
  return `nobody has joined to take over ${listed(leads.planned!.leftOut)}`;
}

/**
 * The leader knows; the others guess, from what all share and what they got of it. Who got nothing joins just now, most
 * likely, and is waited for: the guess is low.
 */
function groupSize({ leads, topics, metadata, assigned }: Member): number {
  if (leads !== undefined) return leads.memberCount;
  const partitions = topics.reduce((sum, topic) => sum + (metadata.get(topic)?.partitionCount ?? 0), 0);
  return assigned.length > 0 ? partitions / assigned.length : Math.sqrt(partitions);
}

/** Rule 27: the leader joins again when what it planned for has changed. */
export function metadataChanged(member: Member, topics: ClusterTopics): void {
  member.metadata = topics;
  const { leads, config } = member;
  if (leads === undefined) return;
  if (leads.planned === undefined) leads.heardMeanwhile = topics;
  else member.rejoinReason ??= changeSince(leads.planned.topics, topics, config.rackId !== null);
}
