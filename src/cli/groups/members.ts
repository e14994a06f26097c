/** `regroup groups members`, and `describe --members` */
import type { Command } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { say } from "../messages.ts";
import type { Output } from "../output/output.ts";
import { throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";
import { chosenGroups, type GroupFlags, withGroups } from "./chosen-groups.ts";
import { columnsOf, memberColumns, membersOf, wideMemberColumns } from "./columns.ts";
import { describeMembers } from "./describe-groups.ts";
import { remarksOnGroups } from "./remarks.ts";

export interface WideFlags extends DataFlags, GroupFlags {
  readonly wide?: boolean;
}

export function membersCommand(): Command {
  return withGroups(dataCommand("members", "Show the members of groups with their partitions."))
    .option("--wide", "all columns")
    .addHelpText("after", examples("regroup groups members billing", "regroup groups members --match 'bill.*' -o json"))
    .action((names: readonly string[], flags: WideFlags) =>
      withAdmin(flags, async ({ admin, output }) => {
        await showMembers(admin, output, await chosenGroups(admin, names, flags), flags);
      }),
    );
}

export async function showMembers(
  admin: Admin,
  output: Output,
  groupIds: readonly string[],
  { wide = false }: WideFlags,
): Promise<void> {
  const { results, failures } = await describeMembers(admin, groupIds);
  const columns = columnsOf(memberColumns, wideMemberColumns, wide || output.format !== "table");
  await output.rows(results.flatMap(membersOf), columns);
  if (output.format === "table") for (const remark of remarksOnGroups(results)) say(remark);
  throwFailures(failures);
}
