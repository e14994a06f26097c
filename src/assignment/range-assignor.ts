import { AssignmentPlan, nobody } from "./assignment-plan.ts";
import { byInstanceThenMemberId, classesOfTopics, type GroupLayout, layOut, membersOf } from "./group-layout.ts";
import type { ClusterTopics, GroupAssignment, GroupMember, PartitionAssignor } from "./partition-assignor.ts";
import { noRack, type Racks, racksMatter, racksOf } from "./racks.ts";

/**
 * Topic by topic, each subscriber gets a range of the partitions, the first ones one more. So topics with the same
 * subscribers and the same number of partitions are divided alike, and a member has the same numbers of all of them.
 *
 * Where racks matter (KIP-881), a member first gets partitions with a replica in its rack, as far as its share goes;
 * topics that are divided alike stay so.
 */
export class RangeAssignor implements PartitionAssignor {
  readonly name = "range";
  readonly version = 0;
  readonly supportedProtocols = ["EAGER"] as const;

  subscriptionUserData(): null {
    return null;
  }

  onAssignment(): void {}

  assign(topics: ClusterTopics, members: readonly GroupMember[]): GroupAssignment {
    const layout = layOut(topics, members, byInstanceThenMemberId);
    const plan = new AssignmentPlan(members.length, layout.firstPartition[layout.topics.length]!);
    const subscribed = classesOfTopics(layout);
    const shares = subscribed.map((classes, topic) => new Shares(plan, layout, topic, membersOf(layout, classes)));
    const racks = racksOf(topics, layout);
    if (racks === undefined || !shares.some((each) => each.racksMatter(racks))) {
      for (const each of shares) each.giveRanges();
      return plan.toAssignment(layout);
    }
    const dividedAlike = Map.groupBy(shares, (each) => `${each.size} ${subscribed[each.topic]}`);
    for (const group of dividedAlike.values()) matchRacks(group, racks);
    for (const each of shares) each.giveRanges();
    return plan.inOrder().toAssignment(layout);
  }
}

/** What is left to give of a topic, and to whom. */
class Shares {
  readonly topic: number;
  readonly size: number;
  readonly subscribers: readonly number[];
  readonly #plan: AssignmentPlan;
  readonly #first: number;
  readonly #given: Int32Array;
  readonly #base: number;
  /** How many more members may get one above the base. */
  #extras: number;

  constructor(plan: AssignmentPlan, layout: GroupLayout, topic: number, subscribers: readonly number[]) {
    this.topic = topic;
    this.subscribers = subscribers;
    this.#plan = plan;
    this.#first = layout.firstPartition[topic]!;
    this.size = layout.firstPartition[topic + 1]! - this.#first;
    this.#given = new Int32Array(subscribers.length);
    this.#base = Math.floor(this.size / subscribers.length);
    this.#extras = this.size % subscribers.length;
  }

  racksMatter(racks: Racks): boolean {
    return racksMatter(racks, this.subscribers, this.#first, this.#first + this.size);
  }

  /** What the subscriber at this place may still get. It never grows. */
  left(place: number): number {
    return this.#base + (this.#extras > 0 ? 1 : 0) - this.#given[place]!;
  }

  give(partition: number, place: number): void {
    this.#plan.give(this.#first + partition, this.subscribers[place]!);
    this.#given[place]!++;
    if (this.#given[place]! > this.#base) this.#extras--;
  }

  isGiven(partition: number): boolean {
    return this.#plan.owner[this.#first + partition] !== nobody;
  }

  racksOf(partition: number, racks: Racks): readonly number[] {
    return racks.ofPartition[this.#first + partition]!;
  }

  giveRanges(): void {
    let partition = 0;
    for (let place = 0; place < this.subscribers.length && partition < this.size; place++) {
      for (let left = this.left(place); left > 0 && partition < this.size; partition++) {
        if (this.isGiven(partition)) continue;
        this.give(partition, place);
        left--;
      }
    }
  }

  /** Each subscriber in turn gets the first partitions that suit its rack. */
  giveMatching(racks: Racks): void {
    const all = Array.from({ length: this.size }, (_, partition) => partition);
    const candidates = new Map([[noRack, all]]);
    for (const partition of all) {
      for (const rack of this.racksOf(partition, racks)) append(candidates, rack, partition);
    }
    const next = new Map<number, number>();
    this.subscribers.forEach((member, place) => {
      const rack = racks.ofMember[member]!;
      const suiting = candidates.get(rack) ?? [];
      let index = next.get(rack) ?? 0;
      for (let left = this.left(place); left > 0 && index < suiting.length; index++) {
        if (this.isGiven(suiting[index]!)) continue;
        this.give(suiting[index]!, place);
        left--;
      }
      next.set(rack, index);
    });
  }
}

function matchRacks(group: readonly Shares[], racks: Racks): void {
  if (group.length > 1) giveAlike(group, racks);
  else if (group[0]!.racksMatter(racks)) group[0]!.giveMatching(racks);
}

/** The partitions of one number, of all these topics, go to the first subscriber that they all suit. */
function giveAlike(group: readonly Shares[], racks: Racks): void {
  const [first] = group as [Shares];
  const queues = new Map<number, number[]>();
  first.subscribers.forEach((member, place) => {
    append(queues, racks.ofMember[member]!, place);
  });
  const heads = new Map<number, number>();
  const headOf = (rack: number): number => {
    const queue = queues.get(rack) ?? [];
    let head = heads.get(rack) ?? 0;
    while (head < queue.length && first.left(queue[head]!) <= 0) head++;
    heads.set(rack, head);
    return queue[head] ?? Number.POSITIVE_INFINITY;
  };
  for (let partition = 0; partition < first.size; partition++) {
    const place = Math.min(...[noRack, ...commonRacks(group, partition, racks)].map(headOf));
    if (place < first.subscribers.length) for (const each of group) each.give(partition, place);
  }
}

function commonRacks(group: readonly Shares[], partition: number, racks: Racks): readonly number[] {
  const [first, ...others] = group as [Shares, ...Shares[]];
  const common = first.racksOf(partition, racks);
  return common.filter((rack) => others.every((each) => each.racksOf(partition, racks).includes(rack)));
}

function append(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
