/** The groups that a command is about: by their names, by `--match`, or all. */
import type { Command } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import type { GroupListing } from "../../client/admin/groups.ts";
import { FailedError, UsageError } from "../errors.ts";
import { namePattern } from "../name-pattern.ts";

export interface GroupFlags {
  readonly match?: string;
  readonly allGroups?: true;
}

export function withGroups(command: Command): Command {
  return command
    .argument("[group...]", "their names")
    .option("--match <regex>", "those whose whole name matches")
    .option("--all-groups", "all groups of consumers");
}

/** @returns names, which need not exist when they were given. @throws {UsageError}, {FailedError} when none matches. */
export async function chosenGroups(admin: Admin, names: readonly string[], flags: GroupFlags): Promise<string[]> {
  const { match, allGroups = false } = flags;
  if (Number(names.length > 0) + Number(match !== undefined) + Number(allGroups) !== 1) {
    throw new UsageError("expected names of groups, or --match, or --all-groups");
  }
  if (names.length > 0) return [...new Set(names)];
  const matches = namePattern(match ?? ".*");
  const groups = (await admin.listGroups()).filter((group) => isOfConsumers(group) && matches(group.groupId));
  if (match !== undefined && groups.length === 0) throw new FailedError(`no group matches ${match}`);
  return groups.map(({ groupId }) => groupId);
}

/** Classic groups of consumers or with nothing but offsets, and those of KIP-848: not share groups, nor Connect's. */
export function isOfConsumers({ type, protocolType }: GroupListing): boolean {
  if (type === "consumer") return true;
  return (type === "classic" || type === "") && (protocolType === "consumer" || protocolType === "");
}
