import type { Assignment, TopicPartitions } from "../protocol/consumer-protocol.ts";
import { byMemberId, layOut } from "./group-layout.ts";
import type { ClusterTopics, GroupAssignment, GroupMember, PartitionAssignor } from "./partition-assignor.ts";
import { planSticky } from "./plan-sticky.ts";
import { previousOwners } from "./previous-owners.ts";
import { racksOf } from "./racks.ts";
import { decodeStickyUserData, encodeStickyUserData } from "./sticky-user-data.ts";

/**
 * As even as subscriptions allow, and of all even assignments one that leaves as many partitions as it can where they
 * are. Being eager, members own nothing when they join; what they had goes to the leader as user data.
 */
export class StickyAssignor implements PartitionAssignor {
  readonly name = "sticky";
  readonly version = 0;
  readonly supportedProtocols = ["EAGER"] as const;
  #previous: readonly TopicPartitions[] | undefined;
  #generation = -1;

  subscriptionUserData(): Uint8Array | null {
    return this.#previous === undefined ? null : encodeStickyUserData(this.#previous, this.#generation);
  }

  onAssignment({ assignedPartitions }: Assignment, generationId: number): void {
    this.#previous = assignedPartitions;
    this.#generation = generationId;
  }

  assign(topics: ClusterTopics, members: readonly GroupMember[]): GroupAssignment {
    const layout = layOut(topics, members, byMemberId);
    const claims = layout.members.map(({ subscription }) => ({
      ...decodeStickyUserData(subscription.userData),
      subscriptionGeneration: subscription.generationId,
    }));
    const plan = planSticky(layout, claims, previousOwners(layout, claims), racksOf(topics, layout));
    return plan.toAssignment(layout);
  }
}
