import type { Admin } from "../../client/admin/admin.ts";
import { deleteGroupOffsets, throwUndeleted } from "../groups/delete-group-offsets.ts";
import { topicChoices } from "../groups/topic-choice.ts";
import { writeOut } from "../stdout.ts";
import type { ToolFlags } from "./tool-options.ts";
import { forgottenTable } from "./tool-tables.ts";

export async function deleteOffsets(admin: Admin, { group, topic = [], dryRun = false }: ToolFlags): Promise<void> {
  const groupId = group![0]!;
  const choices = topicChoices(topic);
  await admin.describeGroups([groupId]);
  const { offsets, unknown } = await deleteGroupOffsets(admin, groupId, choices, { dryRun });
  const isDone = !dryRun && unknown.length === 0 && offsets.every(({ error }) => error === undefined);
  const above = isDone ? `Request succeeded for deleting offsets from group ${groupId}.\n` : "";
  if (offsets.length > 0) await writeOut(`${above}\n${forgottenTable(offsets, dryRun)}`);
  throwUndeleted(groupId, offsets, unknown);
}
