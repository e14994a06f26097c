/** The transactional ids that a command is about: by name, or by `--match`. */
import type { Command } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import { FailedError, UsageError } from "../errors.ts";
import { namePattern } from "../name-pattern.ts";

export interface IdFlags {
  readonly match?: string;
}

export function withIds(command: Command): Command {
  return command
    .argument("[transactional-id...]", "their ids")
    .option("--match <regex>", "those whose whole id matches");
}

/** @returns ids, which need not exist when they were given. @throws {UsageError}, {FailedError} when none matches. */
export async function chosenIds(admin: Admin, ids: readonly string[], { match }: IdFlags): Promise<string[]> {
  if (ids.length > 0 === (match !== undefined)) throw new UsageError("expected transactional ids, or --match");
  if (match === undefined) return [...new Set(ids)];
  const matches = namePattern(match);
  const found = (await admin.listTransactions()).map(({ transactionalId }) => transactionalId).filter(matches);
  if (found.length === 0) throw new FailedError(`no transactional id matches ${match}`);
  return found;
}
