import type { TopicPartitions } from "../protocol/consumer-protocol.ts";
import { type GroupLayout, topicOfPartitions } from "./group-layout.ts";
import type { GroupAssignment } from "./partition-assignor.ts";

export const nobody = -1;

/** Who gets what, while it is being worked out. A member's list is in the order in which it was given to the member. */
export class AssignmentPlan {
  /** Of each partition, its member, or `nobody`. */
  readonly owner: Int32Array;
  /** Of each member, how many partitions it has. */
  readonly sizes: Int32Array;
  /** Partitions in the order in which they were given; where one stands more than once, only the last counts. */
  readonly #given: number[] = [];
  readonly #lastGiven: Int32Array;

  constructor(memberCount: number, partitionCount: number) {
    this.owner = new Int32Array(partitionCount).fill(nobody);
    this.sizes = new Int32Array(memberCount);
    this.#lastGiven = new Int32Array(partitionCount);
  }

  /** To a member, from nobody or from another. */
  give(partition: number, member: number): void {
    const previous = this.owner[partition]!;
    if (previous !== nobody) this.sizes[previous]!--;
    this.owner[partition] = member;
    this.sizes[member]!++;
    this.#lastGiven[partition] = this.#given.push(partition) - 1;
  }

  withdraw(partition: number): void {
    this.sizes[this.owner[partition]!]!--;
    this.owner[partition] = nobody;
  }

  /** @returns what takes the plan back to what it is now */
  checkpoint(): () => void {
    const owner = this.owner.slice();
    const sizes = this.sizes.slice();
    const lastGiven = this.#lastGiven.slice();
    const given = this.#given.length;
    return () => {
      this.owner.set(owner);
      this.sizes.set(sizes);
      this.#lastGiven.set(lastGiven);
      this.#given.length = given;
    };
  }

  /** The same, as if everything had been given by topic and number. */
  inOrder(): AssignmentPlan {
    const sorted = new AssignmentPlan(this.sizes.length, this.owner.length);
    this.owner.forEach((member, partition) => {
      if (member !== nobody) sorted.give(partition, member);
    });
    return sorted;
  }

  toAssignment(layout: GroupLayout): GroupAssignment {
    const { start, row } = this.#listsInARow();
    const topicOf = topicOfPartitions(layout);
    const place = new Int32Array(layout.topics.length);
    return new Map(
      layout.members.map(({ memberId }, member) => {
        const partitions = row.subarray(start[member], start[member + 1]);
        return [memberId, { assignedPartitions: byTopic(layout, partitions, topicOf, place), userData: null }];
      }),
    );
  }

  /** The list of a member lies between its start and the next member's. */
  #listsInARow(): { start: Int32Array; row: Int32Array } {
    const start = new Int32Array(this.sizes.length + 1);
    for (let member = 0; member < this.sizes.length; member++) start[member + 1] = start[member]! + this.sizes[member]!;
    const row = new Int32Array(start[this.sizes.length]!);
    const next = start.slice();
    this.#given.forEach((partition, time) => {
      const member = this.owner[partition]!;
      if (member !== nobody && this.#lastGiven[partition] === time) row[next[member]!++] = partition;
    });
    return { start, row };
  }
}

/**
 * Partitions as they are told to a member: topics in the order in which they first occur.
 * @param place any numbers, one for each topic: where the topic stood in another member's list
 */
function byTopic(
  { topics, firstPartition }: GroupLayout,
  partitions: Int32Array,
  topicOf: Int32Array,
  place: Int32Array,
): TopicPartitions[] {
  const list: TopicPartitions[] = [];
  for (const partition of partitions) {
    const topic = topicOf[partition]!;
    const name = topics[topic]!;
    let entry = list[place[topic]!];
    if (entry?.topic !== name) {
      place[topic] = list.length;
      entry = { topic: name, partitions: [] };
      list.push(entry);
    }
    entry.partitions.push(partition - firstPartition[topic]!);
  }
  return list;
}
