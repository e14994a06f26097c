/** The topics that a command is about: by their names, or by `--match`. */
import type { Command } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import { FailedError, UsageError } from "../errors.ts";
import { namePattern } from "../name-pattern.ts";

export interface ChoiceFlags {
  readonly match?: string;
}

export function withChoice(command: Command): Command {
  return command
    .argument("[topic...]", "their names")
    .option("--match <regex>", "those whose whole name matches; not the cluster's own");
}

/** @returns names, which need not exist when they were given. @throws {UsageError}, {FailedError} when none matches. */
export async function chosenTopics(admin: Admin, names: readonly string[], { match }: ChoiceFlags): Promise<string[]> {
  if (names.length > 0 === (match !== undefined)) throw new UsageError("expected names of topics, or --match");
  if (match === undefined) return [...new Set(names)];
  const matches = namePattern(match);
  const topics = (await admin.listTopics()).filter(({ topic, isInternal }) => !isInternal && matches(topic));
  if (topics.length === 0) throw new FailedError(`no topic matches ${match}`);
  return topics.map(({ topic }) => topic);
}
