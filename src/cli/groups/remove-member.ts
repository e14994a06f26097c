/** `regroup groups remove-member` */
import type { Command } from "commander";
import type { GroupDescription, MemberDescription } from "../../client/admin/groups.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { FailedError, UsageError } from "../errors.ts";
import { say } from "../messages.ts";
import { partial, throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";
import { type Member, memberColumns } from "./columns.ts";

interface Flags extends DataFlags {
  readonly all?: boolean;
  readonly reason?: string;
  readonly dryRun?: boolean;
}

export function removeMemberCommand(): Command {
  return dataCommand("remove-member", "Make a group do without a member.")
    .argument("<group>", "its name")
    .argument("[member...]", "group instance ids, or consumer ids, as `groups members` shows them")
    .option("--all", "every member")
    .option("--reason <text>", "what the coordinator logs")
    .option("--dry-run", "only show who would be removed")
    .addHelpText(
      "after",
      `${examples("regroup groups remove-member billing billing-0", "regroup groups remove-member billing --all")}
The group rebalances. A member that still runs joins again; this is for one that is gone for good, such as a static
member whose session still lasts.
`,
    )
    .action(removeMember);
}

async function removeMember(groupId: string, ids: readonly string[], flags: Flags): Promise<void> {
  const { all = false, reason, dryRun = false } = flags;
  if (ids.length > 0 === all) throw new UsageError("whom? Expected group instance ids or consumer ids, or --all");
  await withAdmin(flags, async ({ admin, output }) => {
    const [group] = await admin.describeGroups([groupId]);
    const members = all ? group!.members : chosenMembers(group!, ids);
    const leaving = members.map(identityOf);
    const options = reason === undefined ? {} : { reason };
    const call = dryRun || leaving.length === 0 ? [] : admin.removeMembers(groupId, leaving, options).then(() => []);
    const { failures } = await partial(Promise.resolve(call));
    const failed = new Set(failures.map(({ item }) => item));
    const rows = members.map((member, index) => ({ group: groupId, member, failed: failed.has(leaving[index]) }));
    const isRemoved = (row: Member) => !dryRun && !(row as (typeof rows)[number]).failed;
    await output.rows(rows, { ...memberColumns, removed: isRemoved });
    if (dryRun) say("Dry run: nobody was removed.");
    else if (members.length === 0) say(`Group ${groupId} has no members.`);
    throwFailures(failures);
  });
}

/** @throws {FailedError} for an id that no member has. */
function chosenMembers({ groupId, members }: GroupDescription, ids: readonly string[]): MemberDescription[] {
  const found = members.filter(({ memberId, groupInstanceId }) => {
    return ids.includes(memberId) || (groupInstanceId !== null && ids.includes(groupInstanceId));
  });
  const known = new Set(found.flatMap(({ memberId, groupInstanceId }) => [memberId, groupInstanceId]));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0) throw new FailedError(`group ${groupId} has no member ${unknown.join(", ")}`);
  return found;
}

/** A static member may have got another member id meanwhile. */
function identityOf({ memberId, groupInstanceId }: MemberDescription) {
  return groupInstanceId === null ? { memberId } : { groupInstanceId };
}
