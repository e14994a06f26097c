/** What a group has to do with partitions: who reads them, what is committed, how much is left. */
import type { GroupDescription, MemberDescription } from "../../client/admin/groups.ts";
import type { CommittedOffset } from "../../client/admin/offsets.ts";
import { partitionKey, type TopicPartition } from "../../client/topic-partition.ts";
import { type LogRange, lagOf } from "./partition-lag.ts";
import { byTopicAndPartition } from "./partition-list.ts";

export interface GroupPartition extends TopicPartition {
  readonly group: string;
  readonly leaderEpoch: number | null;
  readonly currentOffset: number | null;
  readonly log: LogRange | undefined;
  readonly lag: number | null;
  readonly member: MemberDescription | undefined;
}

export type LogRanges = ReadonlyMap<string, LogRange>;

/**
 * By member, those with most partitions first, then those that nobody reads: the order of Kafka's tool.
 * @param ranges by `partitionKey`.
 */
export function groupPartitions(
  { groupId, members }: GroupDescription,
  committed: readonly CommittedOffset[],
  ranges: LogRanges,
): GroupPartition[] {
  const commits = new Map(committed.map((each) => [partitionKey(each.topic, each.partition), each]));
  const seen = new Set<string>();
  const row = ({ topic, partition }: TopicPartition, member: MemberDescription | undefined): GroupPartition => {
    const key = partitionKey(topic, partition);
    seen.add(key);
    const commit = commits.get(key);
    const log = ranges.get(key);
    const currentOffset = commit?.offset ?? null;
    const leaderEpoch = commit === undefined || commit.leaderEpoch < 0 ? null : commit.leaderEpoch;
    const lag = lagOf(currentOffset, log);
    return { group: groupId, topic, partition, leaderEpoch, currentOffset, log, lag, member };
  };
  const byCount = [...members].sort((a, b) => b.assignment.length - a.assignment.length);
  const owned = byCount.flatMap((member) =>
    [...member.assignment].sort(byTopicAndPartition).map((partition) => row(partition, member)),
  );
  const others = committed.filter(({ topic, partition }) => !seen.has(partitionKey(topic, partition)));
  return [...owned, ...[...others].sort(byTopicAndPartition).map((partition) => row(partition, undefined))];
}

export interface HeldBack {
  readonly member: MemberDescription;
  readonly partitions: readonly TopicPartition[];
}

/** Whom a group of the consumer protocol waits for: members that still have what others are to get. */
export function heldBack({ members }: GroupDescription): HeldBack[] {
  return members.flatMap((member) => {
    if (member.reconciliation === undefined) return [];
    const target = new Set(
      member.reconciliation.targetAssignment.map((each) => partitionKey(each.topic, each.partition)),
    );
    const partitions = member.assignment.filter(({ topic, partition }) => !target.has(partitionKey(topic, partition)));
    return partitions.length === 0 ? [] : [{ member, partitions }];
  });
}
