/** `regroup groups describe` */
import type { Command } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import { dataCommand, examples } from "../broker-command.ts";
import { ConditionUnmet, UsageError } from "../errors.ts";
import { integer } from "../key-values.ts";
import { say } from "../messages.ts";
import { namePattern } from "../name-pattern.ts";
import { listing, objectsOf } from "../output/columns.ts";
import type { Output } from "../output/output.ts";
import { throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";
import { chosenGroups, withGroups } from "./chosen-groups.ts";
import {
  columnsOf,
  groupColumns,
  memberColumns,
  membersOf,
  partitionColumns,
  wideGroupColumns,
  wideMemberColumns,
  widePartitionColumns,
} from "./columns.ts";
import { type DescribedGroup, type DescribedGroups, describeGroups } from "./describe-groups.ts";
import { showMembers, type WideFlags } from "./members.ts";
import { remarksOnGroups, remarksOnMembers, remarksOnOffsets } from "./remarks.ts";
import { showState } from "./state.ts";

interface DescribeFlags extends WideFlags {
  readonly offsets?: boolean;
  readonly members?: boolean;
  readonly state?: boolean;
  readonly matchTopic?: string;
  readonly failIfLagOver?: string;
}

export function describeCommand(): Command {
  return withGroups(dataCommand("describe", "Show what groups have read, what is left, and who reads it."))
    .option("--offsets", "the partitions alone, as one list")
    .option("--members", "the members alone, as one list")
    .option("--state", "the state alone, as one list")
    .option("--match-topic <regex>", "only topics whose whole name matches")
    .option("--wide", "all columns")
    .option("--fail-if-lag-over <records>", "exit with 3 if a group's lag is larger than that")
    .addHelpText(
      "after",
      `${examples(
        "regroup groups describe billing",
        "regroup groups describe --match 'bill.*' --offsets -o csv",
        "regroup groups describe --all-groups --fail-if-lag-over 10000 > /dev/null || page-somebody",
      )}
LAG counts records that exist and are not committed; all of them, where nothing is committed.
`,
    )
    .action(describe);
}

async function describe(names: readonly string[], flags: DescribeFlags): Promise<void> {
  const { offsets = false, members = false, state = false, matchTopic, failIfLagOver } = flags;
  if (Number(offsets) + Number(members) + Number(state) > 1) {
    throw new UsageError("--offsets, --members, --state: one of them, or none");
  }
  if ((members || state) && (matchTopic ?? failIfLagOver) !== undefined) {
    throw new UsageError("--match-topic and --fail-if-lag-over are about offsets: leave --members and --state out");
  }
  const most = failIfLagOver === undefined ? undefined : integer("--fail-if-lag-over", failIfLagOver, 0);
  const isWanted = namePattern(matchTopic ?? ".*");
  await withAdmin(flags, async ({ admin, output }) => {
    const groupIds = await chosenGroups(admin, names, flags);
    if (members) return showMembers(admin, output, groupIds, flags);
    if (state) return showState(admin, output, groupIds, flags);
    return showOffsets(admin, output, groupIds, isWanted, most, flags);
  });
}

async function showOffsets(
  admin: Admin,
  output: Output,
  groupIds: readonly string[],
  isWanted: (topic: string) => boolean,
  mostLag: number | undefined,
  { offsets = false, wide = false }: DescribeFlags,
): Promise<void> {
  const described = await describeGroups(admin, groupIds, isWanted);
  if (offsets) {
    const columns = columnsOf(partitionColumns, widePartitionColumns, wide || output.format !== "table");
    await output.rows(
      described.groups.flatMap(({ partitions }) => partitions),
      columns,
    );
  } else {
    await showDocument(output, described, wide);
  }
  if (output.format === "table") tellRemarks(described, offsets);
  throwFailures(described.failures);
  if (mostLag !== undefined) failIfOver(described.groups, mostLag);
}

/** The document's headings tell the state already. */
function tellRemarks({ groups }: DescribedGroups, isList: boolean): void {
  for (const remark of isList ? remarksOnGroups(groups.map(({ group }) => group)) : []) say(remark);
  for (const { group, partitions } of groups) {
    const idle = isList ? remarksOnMembers(group) : [];
    for (const remark of [...idle, ...remarksOnOffsets(group, partitions)]) say(remark);
  }
}

async function showDocument(output: Output, { groups }: DescribedGroups, wide: boolean): Promise<void> {
  const columns = columnsOf(partitionColumns, widePartitionColumns, wide);
  const idle = ({ group }: DescribedGroup) => membersOf(group).filter(({ member }) => member.assignment.length === 0);
  const sections = groups.flatMap((each) => [
    listing(each.partitions, columns, headingOf(each)),
    listing(idle(each), memberColumns, `${each.group.groupId}: members without partitions`),
  ]);
  const csv = listing(
    groups.flatMap(({ partitions }) => partitions),
    columnsOf(partitionColumns, widePartitionColumns, true),
  );
  await output.document({ data: groups.map(dataOf), sections, csv });
}

function headingOf({ group, lag }: DescribedGroup): string {
  const { groupId, state, type, assignor, members } = group;
  const facts = [state, type, ...(assignor === "" ? [] : [assignor]), `members ${members.length}`, `lag ${lag ?? "?"}`];
  return `${groupId}: ${facts.join(", ")}`;
}

function dataOf({ group, partitions, lag }: DescribedGroup) {
  const [facts] = objectsOf(listing([group], columnsOf(groupColumns, wideGroupColumns, true)));
  const members = objectsOf(listing(membersOf(group), columnsOf(memberColumns, wideMemberColumns, true)));
  const offsets = objectsOf(listing(partitions, columnsOf(partitionColumns, widePartitionColumns, true)));
  const nested = (rows: typeof members) => rows.map(({ group: _, ...rest }) => rest);
  return { ...facts, lag, members: nested(members), partitions: nested(offsets) };
}

/** @throws {ConditionUnmet} */
function failIfOver(groups: readonly DescribedGroup[], most: number): void {
  const over = groups.filter(({ lag }) => (lag ?? 0) > most);
  if (over.length === 0) return;
  throw new ConditionUnmet(over.map(({ group, lag }) => `lag of ${group.groupId} is ${lag}, over ${most}`).join("\n"));
}
