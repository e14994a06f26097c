/** `regroup groups delete` */
import type { Command } from "commander";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { say } from "../messages.ts";
import { throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";
import { chosenGroups, type GroupFlags, withGroups } from "./chosen-groups.ts";
import { deleteGroups } from "./delete-groups.ts";

interface DeleteFlags extends DataFlags, GroupFlags {
  readonly ifExists?: boolean;
  readonly execute?: boolean;
  readonly dryRun?: boolean;
}

export function deleteCommand(): Command {
  return withGroups(dataCommand("delete", "Delete groups without members, with their offsets."))
    .option("--execute", "with --match or --all-groups, which without it only show what would be deleted")
    .option("--dry-run", "only show what would be deleted")
    .option("--if-exists", "a group that does not exist is no error")
    .addHelpText(
      "after",
      examples("regroup groups delete billing", "regroup groups delete --match 'test-.*' --execute"),
    )
    .action(deleteThem);
}

async function deleteThem(names: readonly string[], flags: DeleteFlags): Promise<void> {
  const { dryRun = false, execute = false, ifExists = false } = flags;
  const isDry = dryRun || (names.length === 0 && !execute);
  await withAdmin(flags, async ({ admin, output }) => {
    const groupIds = await chosenGroups(admin, names, flags);
    const toleratedCode = ifExists ? "GROUP_ID_NOT_FOUND" : undefined;
    const { deleted, failures } = await deleteGroups(admin, groupIds, { dryRun: isDry, toleratedCode });
    await output.rows(deleted, { group: (group) => group, deleted: () => !isDry });
    if (isDry) say(`Dry run: nothing was deleted.${dryRun ? "" : " Add --execute to delete them."}`);
    throwFailures(failures);
  });
}
