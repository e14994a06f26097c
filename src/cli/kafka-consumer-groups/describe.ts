import type { Admin } from "../../client/admin/admin.ts";
import type { GroupDescription } from "../../client/admin/groups.ts";
import { chosenGroups } from "../groups/chosen-groups.ts";
import { describeGroups, describeMembers } from "../groups/describe-groups.ts";
import { remarksOnMembers, remarksOnOffsets } from "../groups/remarks.ts";
import { say } from "../messages.ts";
import { throwFailures } from "../partial.ts";
import { writeOut } from "../stdout.ts";
import type { ToolFlags } from "./tool-options.ts";
import { membersTable, offsetsTable, stateTable } from "./tool-tables.ts";

export async function describe(admin: Admin, flags: ToolFlags): Promise<void> {
  const { group = [], members = false, state, verbose = false, allGroups } = flags;
  const groupIds = await chosenGroups(admin, group, allGroups ? { allGroups } : {});
  if (!members && state === undefined) return describeOffsets(admin, groupIds, verbose);
  const { results, failures } = await describeMembers(admin, groupIds);
  const tables = results.map((each) => (members ? membersTable(each, verbose) : stateTable(each, verbose)));
  await writeOut(tables.map((text) => `\n${text}`).join(""));
  for (const each of results) tellState(each);
  throwFailures(failures);
}

async function describeOffsets(admin: Admin, groupIds: readonly string[], isVerbose: boolean): Promise<void> {
  const { groups, failures } = await describeGroups(admin, groupIds);
  const shown = groups.filter(({ partitions }) => partitions.length > 0);
  await writeOut(shown.map(({ partitions }) => `\n${offsetsTable(partitions, isVerbose)}`).join(""));
  for (const { group, partitions } of groups) {
    tellState(group);
    for (const remark of [...remarksOnMembers(group), ...remarksOnOffsets(group, partitions)]) say(remark);
  }
  throwFailures(failures);
}

/** In the words of the tool. */
function tellState({ groupId, state }: GroupDescription): void {
  if (state === "Empty") say(`\nConsumer group '${groupId}' has no active members.`);
  else if (state !== "Stable" && state !== "Dead") say(`\nWarning: Consumer group '${groupId}' is rebalancing.`);
}
