import { AssignmentPlan } from "./assignment-plan.ts";
import { byInstanceThenMemberId, classesOfTopics, type GroupLayout, layOut, membersOf } from "./group-layout.ts";
import type { ClusterTopics, GroupAssignment, GroupMember, PartitionAssignor } from "./partition-assignor.ts";

/**
 * All partitions, by topic and number, are dealt to the members in turn; a member that is not subscribed to the topic
 * is passed over. So all topics together are even where all subscribe to the same; where not, it may be far from even.
 */
export class RoundRobinAssignor implements PartitionAssignor {
  readonly name = "roundrobin";
  readonly version = 0;
  readonly supportedProtocols = ["EAGER"] as const;

  subscriptionUserData(): null {
    return null;
  }

  onAssignment(): void {}

  assign(topics: ClusterTopics, members: readonly GroupMember[]): GroupAssignment {
    const layout = layOut(topics, members, byInstanceThenMemberId);
    const plan = new AssignmentPlan(members.length, layout.firstPartition[layout.topics.length]!);
    let turn = 0;
    classesOfTopics(layout).forEach((classes, topic) => {
      turn = deal(plan, layout, topic, membersOf(layout, classes), turn);
    });
    return plan.toAssignment(layout);
  }
}

/** @param turn the member from which on the next subscriber is sought @returns the same for the next topic */
function deal(plan: AssignmentPlan, layout: GroupLayout, topic: number, subscribers: readonly number[], turn: number) {
  const found = subscribers.findIndex((member) => member >= turn);
  let next = Math.max(0, found);
  let last = turn;
  for (let partition = layout.firstPartition[topic]!; partition < layout.firstPartition[topic + 1]!; partition++) {
    last = subscribers[next]!;
    plan.give(partition, last);
    next = next + 1 === subscribers.length ? 0 : next + 1;
  }
  return last + 1;
}
