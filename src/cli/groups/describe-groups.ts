/** All that brokers tell of groups: their members, their offsets, and the logs that they read. */
import type { Admin } from "../../client/admin/admin.ts";
import type { GroupDescription } from "../../client/admin/groups.ts";
import type { CommittedOffset } from "../../client/admin/offsets.ts";
import { partitionKey, type TopicPartition } from "../../client/topic-partition.ts";
import { type Failure, type Partial, partial } from "../partial.ts";
import { isClientError } from "../report-error.ts";
import { type GroupPartition, groupPartitions } from "./group-partitions.ts";
import { logRanges } from "./log-ranges.ts";
import { sumOf } from "./partition-lag.ts";

export interface DescribedGroup {
  readonly group: GroupDescription;
  readonly partitions: readonly GroupPartition[];
  readonly lag: number | null;
}

export interface DescribedGroups {
  /** By name. */
  readonly groups: readonly DescribedGroup[];
  /** What could not be found out; the rest stands. */
  readonly failures: readonly Failure[];
}

/** Without offsets. An unknown group does not hide the others. */
export async function describeMembers(admin: Admin, groupIds: readonly string[]): Promise<Partial<GroupDescription>> {
  const { results, failures } = await partial<GroupDescription>(admin.describeGroups(groupIds));
  return { results: [...results].sort((a, b) => (a.groupId < b.groupId ? -1 : 1)), failures };
}

export async function describeGroups(
  admin: Admin,
  groupIds: readonly string[],
  isWanted: (topic: string) => boolean = () => true,
): Promise<DescribedGroups> {
  const [{ results: found, failures }, commits] = await Promise.all([
    describeMembers(admin, groupIds),
    committedOffsets(admin, groupIds),
  ]);
  const partitions = new Map<string, TopicPartition>();
  for (const { groupId, members } of found) {
    for (const each of [...members.flatMap(({ assignment }) => assignment), ...(commits.offsets.get(groupId) ?? [])]) {
      if (isWanted(each.topic)) partitions.set(partitionKey(each.topic, each.partition), each);
    }
  }
  const { ranges, failures: unknown } = await logRanges(admin, [...partitions.values()]);
  const groups = found.map((group): DescribedGroup => {
    const all = groupPartitions(group, commits.offsets.get(group.groupId) ?? [], ranges);
    const wanted = all.filter(({ topic }) => isWanted(topic));
    return { group, partitions: wanted, lag: sumOf(wanted.map(({ lag }) => lag)) };
  });
  return { groups, failures: [...failures, ...commits.failures, ...unknown] };
}

export interface CommittedOffsets {
  /** By group; an unknown group has none. */
  readonly offsets: ReadonlyMap<string, readonly CommittedOffset[]>;
  readonly failures: readonly Failure[];
}

export async function committedOffsets(admin: Admin, groupIds: readonly string[]): Promise<CommittedOffsets> {
  const offsets = new Map<string, readonly CommittedOffset[]>();
  const failures: Failure[] = [];
  const ask = async (groupId: string) => {
    try {
      offsets.set(groupId, await admin.listGroupOffsets(groupId));
    } catch (error) {
      if (!isClientError(error)) throw error;
      if (error.code !== "GROUP_ID_NOT_FOUND") failures.push({ item: { groupId }, error });
    }
  };
  await Promise.all(groupIds.map(ask));
  return { offsets, failures };
}
