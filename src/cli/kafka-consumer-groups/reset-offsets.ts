import type { Admin } from "../../client/admin/admin.ts";
import { FailedError, UsageError } from "../errors.ts";
import { chosenGroups } from "../groups/chosen-groups.ts";
import { executeReset } from "../groups/reset/execute-reset.ts";
import { parsePlan, planCsv } from "../groups/reset/plan-csv.ts";
import { planReset } from "../groups/reset/plan-reset.ts";
import { readPlan } from "../groups/reset/read-plan.ts";
import { type ResetRequest, rowsByGroup, scopeOf, targetOf } from "../groups/reset/reset-request.ts";
import { say } from "../messages.ts";
import { writeOut } from "../stdout.ts";
import type { ToolFlags } from "./tool-options.ts";
import { resetTable } from "./tool-tables.ts";

export async function resetOffsets(admin: Admin, flags: ToolFlags): Promise<void> {
  const { group = [], allGroups, execute = false, dryRun = false } = flags;
  const requestOf = await readRequest(flags);
  const groupIds = await chosenGroups(admin, group, allGroups ? { allGroups } : {});
  const plan = await planReset(admin, groupIds, requestOf(groupIds), { create: false });
  if (!execute && !dryRun) say("Dry run: nothing is changed without --execute.");
  for (const note of plan.notes) say(`Note: ${note}`);
  const done = execute ? await executeReset(admin, plan.offsets) : { offsets: plan.offsets, problems: [] };
  const { offsets } = done;
  if (flags.export) await writeOut(`${planCsv(offsets, group.length !== 1)}\n`);
  else if (offsets.length > 0) await writeOut(`\n${resetTable(offsets)}`);
  const problems = [...plan.problems, ...done.problems];
  if (problems.length > 0) throw new FailedError(problems.join("\n"));
}

async function readRequest(flags: ToolFlags): Promise<(groupIds: readonly string[]) => ResetRequest> {
  const target = targetOf(flags, Date.now());
  if (target !== undefined) {
    const scope = scopeOf(flags);
    return () => ({ kind: "rule", scope, target });
  }
  const { fromFile: file, topic, allTopics } = flags;
  if ((topic ?? allTopics) !== undefined) {
    throw new UsageError("--from-file says itself which partitions: leave --topic and --all-topics out");
  }
  const rows = parsePlan(await readPlan(file!), file!);
  return (groupIds) => ({ kind: "rows", rowsOf: rowsByGroup(rows, groupIds, file!) });
}
