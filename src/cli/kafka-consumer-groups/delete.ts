import type { Admin } from "../../client/admin/admin.ts";
import { chosenGroups } from "../groups/chosen-groups.ts";
import { deleteGroups } from "../groups/delete-groups.ts";
import { throwFailures } from "../partial.ts";
import { writeOut } from "../stdout.ts";
import type { ToolFlags } from "./tool-options.ts";

export async function deleteThem(admin: Admin, flags: ToolFlags): Promise<void> {
  const { group = [], dryRun = false, allGroups } = flags;
  const groupIds = await chosenGroups(admin, group, allGroups ? { allGroups } : {});
  const { deleted, failures } = await deleteGroups(admin, groupIds, { dryRun });
  const names = deleted.map((each) => `'${each}'`).join(", ");
  if (dryRun) await writeOut(`Dry run: these consumer groups would be deleted: ${names || "none"}\n`);
  else if (failures.length === 0) await writeOut(`Deletion of requested consumer groups (${names}) was successful.\n`);
  else if (deleted.length > 0) await writeOut(`These consumer groups were deleted successfully: ${names}\n`);
  throwFailures(failures);
}
