/** `regroup groups state`, and `describe --state` */
import type { Command } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import { dataCommand, examples } from "../broker-command.ts";
import type { Output } from "../output/output.ts";
import { throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";
import { chosenGroups, withGroups } from "./chosen-groups.ts";
import { columnsOf, groupColumns, wideGroupColumns } from "./columns.ts";
import { describeMembers } from "./describe-groups.ts";
import type { WideFlags } from "./members.ts";

export function stateCommand(): Command {
  return withGroups(dataCommand("state", "Show the state, coordinator and assignor of groups."))
    .option("--wide", "all columns")
    .addHelpText("after", examples("regroup groups state billing", "regroup groups state --all-groups -o csv"))
    .action((names: readonly string[], flags: WideFlags) =>
      withAdmin(flags, async ({ admin, output }) => {
        await showState(admin, output, await chosenGroups(admin, names, flags), flags);
      }),
    );
}

export async function showState(
  admin: Admin,
  output: Output,
  groupIds: readonly string[],
  { wide = false }: WideFlags,
): Promise<void> {
  const { results, failures } = await describeMembers(admin, groupIds);
  await output.rows(results, columnsOf(groupColumns, wideGroupColumns, wide || output.format !== "table"));
  throwFailures(failures);
}
