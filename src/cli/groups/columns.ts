/** What the commands show of groups, of their members, and of their partitions. */
import type { GroupDescription, MemberDescription } from "../../client/admin/groups.ts";
import type { TopicPartition } from "../../client/topic-partition.ts";
import type { Cell, Columns } from "../output/columns.ts";
import type { GroupPartition } from "./group-partitions.ts";
import { partitionList } from "./partition-list.ts";

/** With `--wide`, and in every format but tables, all columns are shown. */
export function columnsOf<Row>(narrow: Columns<Row>, wide: Columns<Row>, showsAll: boolean): Columns<Row> {
  return showsAll ? { ...narrow, ...wide } : narrow;
}

export const groupColumns: Columns<GroupDescription> = {
  group: ({ groupId }) => groupId,
  type: ({ type }) => type,
  state: { value: ({ state }) => state, colour: ({ state }) => stateColour(state) },
  assignor: { value: ({ assignor }) => assignor || null, title: "ASSIGNMENT-STRATEGY" },
  members: { value: ({ members }) => members.length, title: "#MEMBERS" },
  coordinator: ({ coordinator: { host, port } }) => `${host}:${port}`,
  coordinatorId: ({ coordinator }) => coordinator.nodeId,
};

export const wideGroupColumns: Columns<GroupDescription> = {
  protocol: ({ protocolType }) => protocolType || null,
  groupEpoch: ({ epochs }) => epochs?.group ?? null,
  targetAssignmentEpoch: ({ epochs }) => epochs?.assignment ?? null,
};

export function stateColour(state: string): "green" | "yellow" | undefined {
  if (state === "Stable") return "green";
  return state === "Empty" || state === "Dead" ? undefined : "yellow";
}

export interface Member {
  readonly group: string;
  readonly member: MemberDescription;
}

export function membersOf({ groupId: group, members }: GroupDescription): Member[] {
  return members.map((member) => ({ group, member }));
}

export const memberColumns: Columns<Member> = {
  group: ({ group }) => group,
  consumerId: ({ member }) => member.memberId,
  groupInstanceId: ({ member }) => member.groupInstanceId,
  host: ({ member }) => hostOf(member),
  clientId: ({ member }) => member.clientId,
  partitions: { value: ({ member }) => member.assignment.length, title: "#PARTITIONS" },
  assignment: partitionsColumn(({ member }) => member.assignment),
};

export const wideMemberColumns: Columns<Member> = {
  subscribedTopics: ({ member }) => member.subscribedTopics,
  memberType: ({ member }) => member.reconciliation?.memberType ?? null,
  currentEpoch: ({ member }) => member.reconciliation?.memberEpoch ?? null,
  targetAssignment: partitionsColumn(({ member }) => member.reconciliation?.targetAssignment),
};

function partitionsColumn(partitionsOf: (row: Member) => readonly TopicPartition[] | undefined) {
  return {
    value: (row: Member): Cell => partitionsOf(row)?.map(({ topic, partition }) => ({ topic, partition })) ?? null,
    text: (row: Member) => partitionList(partitionsOf(row) ?? []) || "-",
  };
}

export const partitionColumns: Columns<GroupPartition> = {
  group: ({ group }) => group,
  topic: ({ topic }) => topic,
  partition: ({ partition }) => partition,
  currentOffset: ({ currentOffset }) => currentOffset,
  logEndOffset: ({ log }) => log?.end ?? null,
  lag: { value: ({ lag }) => lag, colour: ({ lag }) => (lag === 0 ? "green" : lag === null ? "red" : undefined) },
  consumerId: ({ member }) => member?.memberId ?? null,
  host: ({ member }) => (member === undefined ? null : hostOf(member)),
  clientId: ({ member }) => member?.clientId ?? null,
};

export const widePartitionColumns: Columns<GroupPartition> = {
  groupInstanceId: ({ member }) => member?.groupInstanceId ?? null,
  logStartOffset: ({ log }) => log?.start ?? null,
  leaderEpoch: ({ leaderEpoch }) => leaderEpoch,
};

/** Brokers write "/127.0.0.1". */
function hostOf({ clientHost }: MemberDescription): string {
  return clientHost.replace(/^\//, "");
}
