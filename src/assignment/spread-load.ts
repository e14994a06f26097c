import { type AssignmentPlan, nobody } from "./assignment-plan.ts";
import type { GroupLayout } from "./group-layout.ts";
import { LeastLoaded } from "./least-loaded.ts";

export interface SharedTopic {
  /** Indexes of the classes of members that subscribe to it. */
  readonly classes: readonly number[];
  /** Ascending. */
  readonly subscribers: readonly number[];
  /** Its first partition. */
  readonly from: number;
  /** The first after its last. */
  readonly to: number;
}

/**
 * Partitions move from members with more to members with fewer, one at a time and topic by topic, until no partition
 * can move to a member that has at least two fewer. Each move lowers the sum of the squares of all sizes, so it ends.
 */
export class LoadSpreader {
  readonly #plan: AssignmentPlan;
  readonly #layout: GroupLayout;
  readonly #topics: readonly SharedTopic[];
  readonly #former: Int32Array;
  readonly #moves: readonly TopicMoves[];
  readonly #place: Int32Array;

  /** @param topics with several subscribers; every partition has an owner */
  constructor(plan: AssignmentPlan, layout: GroupLayout, topics: readonly SharedTopic[], former: Int32Array) {
    this.#plan = plan;
    this.#layout = layout;
    this.#topics = topics;
    this.#former = former;
    this.#moves = topics.map(() => new TopicMoves(layout.members.length));
    this.#place = new Int32Array(layout.members.length);
  }

  spread(mayMove: (partition: number) => boolean): void {
    /** When a member of the class last got or lost a partition, and when the topic was looked at: counted in looks. */
    const changedAt = new Int32Array(this.#layout.classes.length);
    const lookedAt = new Int32Array(this.#topics.length).fill(-1);
    let looks = 0;
    for (let moved = true; moved; ) {
      moved = false;
      this.#topics.forEach((topic, index) => {
        if (topic.classes.every((each) => changedAt[each]! < lookedAt[index]!)) return;
        lookedAt[index] = ++looks;
        this.#spreadTopic(topic, this.#moves[index]!, mayMove, (member) => {
          changedAt[this.#layout.classOf[member]!] = looks;
          moved = true;
        });
      });
    }
  }

  #spreadTopic(
    { subscribers, from, to }: SharedTopic,
    moves: TopicMoves,
    mayMove: (partition: number) => boolean,
    changed: (member: number) => void,
  ): void {
    const { owner, sizes } = this.#plan;
    const heap = new LeastLoaded(sizes, this.#place, subscribers);
    for (let partition = from; partition < to; partition++) {
      if (!mayMove(partition)) continue;
      const member = owner[partition]!;
      const former = this.#former[partition]!;
      const isFree = (other: number): boolean => sizes[other]! < sizes[member]! - 1;
      const next = former !== nobody && heap.has(former) && isFree(former) ? former : heap.least;
      if (!isFree(next)) continue;
      this.#plan.give(moves.move(partition, member, next), next);
      for (const each of [member, next]) {
        heap.changed(each);
        changed(each);
      }
    }
  }
}

/**
 * Which partitions of a topic moved between whom. Where one is to move from a to b, and another has moved from b to a,
 * the other is taken back, and both are where they were.
 */
class TopicMoves {
  readonly #memberCount: number;
  /** Of each partition that is not where it was, its first owner. */
  readonly #origin = new Map<number, number>();
  /** Of each pair of first and present owner, their partitions. */
  readonly #moved = new Map<number, Set<number>>();

  constructor(memberCount: number) {
    this.#memberCount = memberCount;
  }

  /** @returns the partition that moves */
  move(partition: number, from: number, to: number): number {
    const moving = this.#moved.get(this.#pair(to, from))?.values().next().value ?? partition;
    const origin = this.#origin.get(moving) ?? from;
    this.#moved.get(this.#pair(origin, from))?.delete(moving);
    if (origin === to) {
      this.#origin.delete(moving);
      return moving;
    }
    this.#origin.set(moving, origin);
    const alike = this.#moved.get(this.#pair(origin, to)) ?? new Set();
    this.#moved.set(this.#pair(origin, to), alike.add(moving));
    return moving;
  }

  #pair(from: number, to: number): number {
    return from * this.#memberCount + to;
  }
}
