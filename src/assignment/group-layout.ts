/**
 * A group in integers, which is what assignors count in: members in the assignor's order, subscribed topics that exist
 * in order of their names, and all partitions of these in one row: partition p of topic t is `firstPartition[t] + p`.
 */
import type { ClusterTopics, GroupMember } from "./partition-assignor.ts";

/** Members that subscribe to the same topics. Most groups have one class. */
export interface SubscriptionClass {
  /** Ascending; only topics that exist. */
  readonly topics: ReadonlySet<number>;
  /** Members, ascending. */
  readonly members: number[];
}

export interface GroupLayout {
  readonly members: readonly GroupMember[];
  readonly topics: readonly string[];
  readonly topicIndex: ReadonlyMap<string, number>;
  /** One longer than `topics`: the last entry is the number of all partitions. */
  readonly firstPartition: Int32Array;
  readonly classes: readonly SubscriptionClass[];
  /** Of each member, its class. */
  readonly classOf: Int32Array;
}

/** Names and ids compare by their UTF-16 units, as in Java. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function byMemberId(a: GroupMember, b: GroupMember): number {
  return compareText(a.memberId, b.memberId);
}

/** Static members first, by instance id: so a restart, which changes the member id, moves nothing (rule 56). */
export function byInstanceThenMemberId(a: GroupMember, b: GroupMember): number {
  if (a.groupInstanceId !== null && b.groupInstanceId !== null) {
    return compareText(a.groupInstanceId, b.groupInstanceId);
  }
  if (a.groupInstanceId !== null) return -1;
  return b.groupInstanceId !== null ? 1 : byMemberId(a, b);
}

export function layOut(
  cluster: ClusterTopics,
  group: readonly GroupMember[],
  order: (a: GroupMember, b: GroupMember) => number,
): GroupLayout {
  const members = group.toSorted(order);
  const { lists, classOf } = subscriptionLists(members);
  const topics = existing(cluster, lists);
  const topicIndex = new Map(topics.map((topic, index) => [topic, index]));
  const firstPartition = new Int32Array(topics.length + 1);
  topics.forEach((topic, index) => {
    firstPartition[index + 1] = firstPartition[index]! + cluster.get(topic)!.partitionCount;
  });
  const classes = lists.map((list) => ({ topics: new Set(indexesOf(list, topicIndex)), members: [] as number[] }));
  classOf.forEach((index, member) => {
    classes[index]!.members.push(member);
  });
  return { members, topics, topicIndex, firstPartition, classes, classOf };
}

/** Of each partition, its topic. */
export function topicOfPartitions({ topics, firstPartition }: GroupLayout): Int32Array {
  const topicOf = new Int32Array(firstPartition[topics.length]!);
  for (let topic = 0; topic < topics.length; topic++) {
    topicOf.fill(topic, firstPartition[topic]!, firstPartition[topic + 1]!);
  }
  return topicOf;
}

/** Of each topic, the classes that subscribe to it. */
export function classesOfTopics({ topics, classes }: GroupLayout): number[][] {
  const subscribed = topics.map((): number[] => []);
  classes.forEach((each, index) => {
    for (const topic of each.topics) subscribed[topic]!.push(index);
  });
  return subscribed;
}

/** The members of these classes, ascending. */
export function membersOf({ classes }: GroupLayout, subscribed: readonly number[]): readonly number[] {
  if (subscribed.length === 1) return classes[subscribed[0]!]!.members;
  const members = subscribed.flatMap((index) => classes[index]!.members);
  return members.sort((a, b) => a - b);
}

/**
 * Lists of distinct topics, ascending, and of each member, which of them it has. To look up each topic of each member
 * by its hash would cost more than most assignments; so a list is first compared with those that were found last.
 */
function subscriptionLists(members: readonly GroupMember[]): { lists: string[][]; classOf: Int32Array } {
  const lists: string[][] = [];
  const known = new Map<string, number>();
  const recent: { topics: readonly string[]; index: number }[] = [];
  const classOf = new Int32Array(members.length);
  members.forEach(({ subscription: { topics } }, member) => {
    let index = recent.find((each) => sameTopics(each.topics, topics))?.index;
    if (index === undefined) {
      const list = [...new Set(topics)].sort();
      const key = JSON.stringify(list);
      index = known.get(key) ?? lists.push(list) - 1;
      known.set(key, index);
      recent.unshift({ topics, index });
      recent.length = Math.min(recent.length, 4);
    }
    classOf[member] = index;
  });
  return { lists, classOf };
}

function sameTopics(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let index = a.length - 1; index >= 0; index--) if (a[index] !== b[index]) return false;
  return true;
}

function existing(cluster: ClusterTopics, lists: readonly (readonly string[])[]): string[] {
  const names = new Set<string>();
  for (const list of lists) for (const name of list) if (cluster.get(name)?.partitionCount) names.add(name);
  return [...names].sort();
}

function indexesOf(list: readonly string[], topicIndex: ReadonlyMap<string, number>): number[] {
  return list.map((topic) => topicIndex.get(topic)).filter((index) => index !== undefined);
}
