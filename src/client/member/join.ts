import type { PartitionAssignor } from "../../assignment/partition-assignor.ts";
import { consumerProtocolType, encodeSubscription } from "../../protocol/consumer-protocol.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { haveCoordinator } from "./coordinator-link.ts";
import { fail } from "./fail.ts";
import { revoke } from "./give-up.ts";
import { groupMembers, plan, topicsOf } from "./group-plan.ts";
import type { Leadership, Member } from "./member.ts";
import type { MemberRequests } from "./member-request.ts";
import { byTopic, type Partitions } from "./partitions.ts";
import { react } from "./react.ts";

type JoinResponse = MemberRequests["JoinGroup"]["response"];

/** A parked answer may take the whole rebalance; Java's client waits as long. */
const parkedMarginMs = 5000;
/** KIP-800. */
const maxReasonLength = 255;

/** Gives up what may not be kept while joining (rules 45, 46), then joins. */
export function startRebalance(member: Member, reason: string): void {
  const { record, memberId, lastGenerationId, nowMs, config } = member;
  if (record.start(reason, lastGenerationId, nowMs)) {
    const fact = { group: config.groupId, memberId, fromGeneration: lastGenerationId, reason };
    member.act({ type: "fact", fact: { type: "MemberRebalanceStarted", ...fact } });
  }
  member.joinReason = reason;
  member.rejoinReason = undefined;
  member.asked = undefined;
  revoke(member, member.isCooperative ? unsubscribed(member) : member.owned);
  member.turn("Preparing");
}

function unsubscribed({ owned, topics }: Member): Partitions {
  return owned.filter(({ topic }) => !topics.includes(topic));
}

export function join(member: Member): void {
  if (member.asked !== undefined || member.nowMs < member.retry.atMs || !haveCoordinator(member)) return;
  member.joinReason = member.rejoinReason ?? member.joinReason;
  member.rejoinReason = undefined;
  const { config, topics, memberId, joinReason } = member;
  const subscription = {
    topics: [...topics],
    ownedPartitions: byTopic(member.owned),
    generationId: member.ownedGenerationId,
    rackId: config.rackId,
  };
  const protocols = config.assignors.map((assignor) => ({
    name: assignor.name,
    metadata: encodeSubscription({ ...subscription, userData: assignor.subscriptionUserData(topics) }),
  }));
  const request = {
    groupId: config.groupId,
    sessionTimeoutMs: config.sessionTimeoutMs,
    rebalanceTimeoutMs: config.maxPollIntervalMs,
    memberId,
    groupInstanceId: config.groupInstanceId,
    protocolType: consumerProtocolType,
    protocols,
    reason: joinReason.slice(0, maxReasonLength),
  };
  member.heartbeat = undefined; // an answer to the old generation says nothing of the next
  member.asked = member.send("JoinGroup", request, parkedTimeoutMs(member));
}

export function parkedTimeoutMs({ config }: Member): number {
  return Math.max(config.requestTimeoutMs, config.maxPollIntervalMs + parkedMarginMs);
}

export function joinAnswered(member: Member, response: JoinResponse): void {
  member.asked = undefined;
  const { errorCode } = response;
  if (errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
    member.memberId = response.memberId; // the next join carries it (KIP-394)
    return;
  }
  if (errorCode !== ErrorCode.NONE) return react(member, "JoinGroup", errorCode);

  member.retry.succeeded();
  member.coordinator.retry.succeeded();
  member.memberId = response.memberId;
  member.generationId = response.generationId;
  member.assignor = member.config.assignors.find(({ name }) => name === response.protocolName);
  if (member.assignor === undefined) {
    return fail(member, { message: `the group chose the assignor ${response.protocolName}, which was not offered` });
  }
  const isLeader = response.leader === response.memberId;
  member.leads = isLeader ? leadership(member.assignor, response, member.isCooperative) : undefined;
  member.watch();
  member.pace.calm(member.nowMs);
  member.turn(isLeader ? "Planning" : "Syncing");
}

function leadership(assignor: PartitionAssignor, response: JoinResponse, isCooperative: boolean): Leadership {
  const members = groupMembers(response.members);
  return {
    topics: topicsOf(members),
    memberCount: members.length,
    plan: (topics) => {
      const made = plan(assignor, topics, members, isCooperative);
      // Who came back knows from it what others are to give up, and plans nothing (KIP-814).
      return response.skipAssignment ? { ...made, assignments: [] } : made;
    },
    replanAtMs: Number.POSITIVE_INFINITY,
    heardMeanwhile: undefined,
    planned: undefined,
  };
}
