/** The tables of kafka-consumer-groups.sh 4.3.1, to the blank. */
import type { GroupDescription, GroupListing, MemberDescription } from "../../client/admin/groups.ts";
import type { ForgottenOffset } from "../groups/delete-group-offsets.ts";
import type { GroupPartition } from "../groups/group-partitions.ts";
import { partitionList } from "../groups/partition-list.ts";
import type { PlannedOffset } from "../groups/reset/target.ts";

type ToolCell = string | number | null | undefined;

interface ToolColumn<Row> {
  readonly title: string;
  readonly value: (row: Row) => ToolCell;
  /** Filled with blanks up to that; "none": the last column, as long as it is. */
  readonly width: number | "none";
  /** As wide as the longest of its cells, if that is wider. */
  readonly grows?: boolean;
}

const named = { width: 15, grows: true } as const;

export function table<Row>(rows: readonly Row[], columns: readonly ToolColumn<Row>[]): string {
  const cells = rows.map((row) => columns.map(({ value }) => String(value(row) ?? "-")));
  const widths = columns.map(({ width, grows }, index) => {
    if (width === "none") return 0;
    return grows ? cells.reduce((widest, row) => Math.max(widest, row[index]!.length), width) : width;
  });
  const lines = [columns.map(({ title }) => title), ...cells];
  return lines.map((line) => `${line.map((cell, index) => cell.padEnd(widths[index]!)).join(" ")}\n`).join("");
}

export interface ListedColumns {
  readonly state: boolean;
  readonly type: boolean;
}

export function groupsTable(groups: readonly GroupListing[], shown: ListedColumns): string {
  const longest = groups.reduce((most, { groupId }) => Math.max(most, groupId.length), 15);
  const columns: ToolColumn<GroupListing>[] = [
    { title: "GROUP", value: ({ groupId }) => groupId, width: longest + 10 },
    ...(shown.type ? [{ title: "TYPE", value: ({ type }: GroupListing) => capitalized(type), width: 20 }] : []),
    ...(shown.state ? [{ title: "STATE", value: ({ state }: GroupListing) => state || null, width: 20 }] : []),
  ];
  return table(groups, columns);
}

function capitalized(type: string): string | null {
  return type === "" ? null : type[0]!.toUpperCase() + type.slice(1);
}

export function offsetsTable(partitions: readonly GroupPartition[], isVerbose: boolean): string {
  const epoch: ToolColumn<GroupPartition> = {
    title: "LEADER-EPOCH",
    value: ({ leaderEpoch }) => leaderEpoch,
    width: 15,
  };
  return table<GroupPartition>(partitions, [
    { title: "GROUP", value: ({ group }) => group, ...named },
    { title: "TOPIC", value: ({ topic }) => topic, ...named },
    { title: "PARTITION", value: ({ partition }) => partition, width: 10 },
    ...(isVerbose ? [epoch] : []),
    { title: "CURRENT-OFFSET", value: ({ currentOffset }) => currentOffset, width: 15 },
    { title: "LOG-END-OFFSET", value: ({ log }) => log?.end, width: 15 },
    { title: "LAG", value: ({ lag }) => lag, width: 15 },
    { title: "CONSUMER-ID", value: ({ member }) => member?.memberId, ...named },
    { title: "HOST", value: ({ member }) => member?.clientHost, ...named },
    { title: "CLIENT-ID", value: ({ member }) => member?.clientId, width: "none" },
  ]);
}

export function membersTable({ groupId, members, epochs }: GroupDescription, isVerbose: boolean): string {
  const instance: ToolColumn<MemberDescription> = {
    title: "GROUP-INSTANCE-ID",
    value: ({ groupInstanceId }) => groupInstanceId,
    width: 17,
    grows: true,
  };
  const isStatic = members.some(({ groupInstanceId }) => groupInstanceId !== null);
  return table<MemberDescription>(members, [
    { title: "GROUP", value: () => groupId, ...named },
    { title: "CONSUMER-ID", value: ({ memberId }) => memberId, ...named },
    ...(isStatic ? [instance] : []),
    { title: "HOST", value: ({ clientHost }) => clientHost, ...named },
    { title: "CLIENT-ID", value: ({ clientId }) => clientId, ...named },
    { title: "#PARTITIONS", value: ({ assignment }) => assignment.length, width: 15 },
    // The tool ends the short form with one more blank.
    ...(isVerbose ? verboseMemberColumns(members, epochs?.assignment) : [{ title: "", value: () => "", width: 0 }]),
  ]);
}

function verboseMemberColumns(
  members: readonly MemberDescription[],
  targetEpoch: number | undefined,
): ToolColumn<MemberDescription>[] {
  const upgraded: ToolColumn<MemberDescription> = {
    title: "UPGRADED",
    value: ({ reconciliation }) => String(reconciliation?.memberType === "consumer"),
    width: "none",
  };
  const isMixed = members.some(({ reconciliation }) => reconciliation?.memberType === "classic");
  return [
    { title: "CURRENT-EPOCH", value: ({ reconciliation }) => reconciliation?.memberEpoch, width: 15 },
    {
      title: "CURRENT-ASSIGNMENT",
      value: ({ assignment }) => partitionList(assignment) || null,
      width: 20,
      grows: true,
    },
    { title: "TARGET-EPOCH", value: () => targetEpoch, width: 15 },
    {
      title: "TARGET-ASSIGNMENT",
      value: ({ reconciliation }) => partitionList(reconciliation?.targetAssignment ?? []) || null,
      width: 20,
      grows: true,
    },
    ...(isMixed ? [upgraded] : []),
  ];
}

export function stateTable(group: GroupDescription, isVerbose: boolean): string {
  const epochs: ToolColumn<GroupDescription>[] = [
    { title: "GROUP-EPOCH", value: ({ epochs }) => epochs?.group, width: 15 },
    { title: "TARGET-ASSIGNMENT-EPOCH", value: ({ epochs }) => epochs?.assignment, width: 25 },
  ];
  const coordinator = ({ coordinator: { host, port, nodeId } }: GroupDescription) => `${host}:${port}  (${nodeId})`;
  return table<GroupDescription>(
    [group],
    [
      { title: "GROUP", value: ({ groupId }) => groupId, ...named },
      { title: "COORDINATOR (ID)", value: coordinator, width: 25, grows: true },
      { title: "ASSIGNMENT-STRATEGY", value: ({ assignor }) => assignor || null, width: 20 },
      { title: "STATE", value: ({ state }) => state, width: 20 },
      ...(isVerbose ? epochs : []),
      { title: "#MEMBERS", value: ({ members }) => members.length, width: "none" },
    ],
  );
}

export function resetTable(offsets: readonly PlannedOffset[]): string {
  return table<PlannedOffset>(offsets, [
    { title: "GROUP", value: ({ group }) => group, ...named },
    { title: "TOPIC", value: ({ topic }) => topic, ...named },
    { title: "PARTITION", value: ({ partition }) => partition, width: 10 },
    { title: "NEW-OFFSET", value: ({ newOffset }) => newOffset, width: "none" },
  ]);
}

export function forgottenTable(offsets: readonly ForgottenOffset[], isDry: boolean): string {
  const status = ({ error }: ForgottenOffset) => (error === undefined ? "Successful" : `Error: ${error.code}`);
  return table<ForgottenOffset>(offsets, [
    { title: "TOPIC", value: ({ topic }) => topic, ...named },
    { title: "PARTITION", value: ({ partition }) => partition, width: 10 },
    { title: "STATUS", value: (row) => (isDry ? "Dry run" : status(row)), width: 15 },
  ]);
}
