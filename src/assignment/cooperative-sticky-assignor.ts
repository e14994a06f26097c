import type { Assignment } from "../protocol/consumer-protocol.ts";
import { type AssignmentPlan, nobody } from "./assignment-plan.ts";
import { byMemberId, type GroupLayout, layOut } from "./group-layout.ts";
import type {
  ClusterTopics,
  GroupAssignment,
  GroupMember,
  MemberSubscription,
  PartitionAssignor,
} from "./partition-assignor.ts";
import { planSticky } from "./plan-sticky.ts";
import { type Claims, eachClaim, type PreviousOwners, previousOwners } from "./previous-owners.ts";
import { racksOf } from "./racks.ts";
import { decodeCooperativeStickyUserData, encodeCooperativeStickyUserData } from "./sticky-user-data.ts";

/**
 * As "sticky", but members keep what they have while they join. A partition that is to move is given to nobody until
 * its owner, learning that it has lost it, gives it up and joins again (rule 46).
 */
export class CooperativeStickyAssignor implements PartitionAssignor {
  readonly name = "cooperative-sticky";
  readonly version = 0;
  readonly supportedProtocols = ["COOPERATIVE", "EAGER"] as const;
  #generation = -1;

  subscriptionUserData(): Uint8Array {
    return encodeCooperativeStickyUserData(this.#generation);
  }

  onAssignment(_assignment: Assignment, generationId: number): void {
    this.#generation = generationId;
  }

  assign(topics: ClusterTopics, members: readonly GroupMember[]): GroupAssignment {
    const layout = layOut(topics, members, byMemberId);
    const claims = layout.members.map(({ subscription }) => claimsOf(subscription));
    const previous = previousOwners(layout, claims);
    const plan = planSticky(layout, claims, previous, racksOf(topics, layout));
    withdrawUntilGivenUp(plan, layout, claims, previous);
    return plan.toAssignment(layout);
  }
}

/** Subscriptions before version 2 have their generation in the user data (KIP-792). */
function claimsOf({ ownedPartitions, generationId, userData }: MemberSubscription): Claims {
  const generation = generationId >= 0 ? generationId : decodeCooperativeStickyUserData(userData);
  return { partitions: ownedPartitions, generation, subscriptionGeneration: generationId };
}

/** A claim that does not hold counts too: its member may be reading the partition all the same. */
function withdrawUntilGivenUp(
  plan: AssignmentPlan,
  layout: GroupLayout,
  claims: readonly Claims[],
  previous: PreviousOwners,
): void {
  const stays = new Uint8Array(plan.owner.length);
  claims.forEach((each, member) => {
    eachClaim(layout, each, (partition, topic) => {
      const hadIt = previous.owner[partition] === member || maySucceed(layout, previous, partition, topic);
      if (hadIt && plan.owner[partition] === member) stays[partition] = 1;
    });
  });
  claims.forEach((each) => {
    eachClaim(layout, each, (partition) => {
      if (stays[partition] === 0 && plan.owner[partition] !== nobody) plan.withdraw(partition);
    });
  });
}

/**
 * Whether another who claims the partition may have it at once, as in Java: where subscriptions differ, if its owner
 * has dropped the topic, or if it has none, as several claim it in one generation.
 */
function maySucceed({ classes, classOf }: GroupLayout, { owner }: PreviousOwners, partition: number, topic: number) {
  const last = owner[partition]!;
  return classes.length > 1 && (last === nobody || !classes[classOf[last]!]!.topics.has(topic));
}
