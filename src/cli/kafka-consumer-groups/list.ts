import type { Admin } from "../../client/admin/admin.ts";
import { isOfConsumers } from "../groups/chosen-groups.ts";
import { writeOut } from "../stdout.ts";
import { oneOf } from "../words-option.ts";
import type { ToolFlags } from "./tool-options.ts";
import { groupsTable } from "./tool-tables.ts";

const states = ["Assigning", "Empty", "PreparingRebalance", "Stable", "CompletingRebalance", "Dead", "Reconciling"];
const types = ["Consumer", "Classic"];

export async function list(admin: Admin, { state, type }: ToolFlags): Promise<void> {
  const isOfState = oneOf("--state", state === true ? undefined : state, states);
  const isOfType = oneOf("--type", type === true ? undefined : type, types);
  const groups = (await admin.listGroups()).filter((group) => {
    return isOfConsumers(group) && isOfState(group.state) && isOfType(group.type);
  });
  const shown = { state: state !== undefined, type: type !== undefined };
  if (shown.state || shown.type) await writeOut(groupsTable(groups, shown));
  else await writeOut(groups.map(({ groupId }) => `${groupId}\n`).join(""));
}
