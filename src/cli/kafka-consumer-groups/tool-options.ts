/** The options of kafka-consumer-groups.sh 4.3.1: what it takes, and what goes with what. */
import type { Command } from "commander";
import { collect } from "../broker-command.ts";
import { UsageError } from "../errors.ts";
import type { ResetFlags } from "../groups/reset/reset-request.ts";

export interface ToolFlags extends ResetFlags {
  readonly bootstrapServer?: string;
  readonly commandConfig?: string;
  readonly timeout?: string;
  readonly list?: boolean;
  readonly describe?: boolean;
  readonly delete?: boolean;
  readonly resetOffsets?: boolean;
  readonly deleteOffsets?: boolean;
  readonly validateRegex?: string;
  readonly group?: readonly string[];
  readonly allGroups?: boolean;
  /** true: without a value. */
  readonly state?: string | true;
  readonly type?: string | true;
  readonly members?: boolean;
  readonly offsets?: boolean;
  readonly verbose?: boolean;
  readonly dryRun?: boolean;
  readonly execute?: boolean;
  readonly export?: boolean;
}

export type Action = "list" | "describe" | "delete" | "resetOffsets" | "deleteOffsets" | "validateRegex";

const targets = [
  "toEarliest",
  "toLatest",
  "toCurrent",
  "toOffset",
  "shiftBy",
  "toDatetime",
  "byDuration",
  "fromFile",
] as const;

/** Options that an action does not know are refused. */
const optionsOf: Readonly<Record<Action, readonly (keyof ToolFlags)[]>> = {
  list: ["state", "type"],
  describe: ["group", "allGroups", "members", "offsets", "state", "verbose"],
  delete: ["group", "allGroups", "dryRun"],
  resetOffsets: ["group", "allGroups", "topic", "allTopics", ...targets, "dryRun", "execute", "export"],
  deleteOffsets: ["group", "topic", "dryRun"],
  validateRegex: [],
};
const optionsOfAll: readonly (keyof ToolFlags)[] = ["bootstrapServer", "commandConfig", "timeout"];

export function toolOptions(command: Command): Command {
  return command
    .option("--bootstrap-server <server>", "where the cluster is met first", once("--bootstrap-server"))
    .option("--command-config <file>", "a properties file for the client", once("--command-config"))
    .option("--timeout <ms>", "how long to try", once("--timeout"))
    .option("--list", "list groups")
    .option("--describe", "show offsets and lag, or with --members, --state these")
    .option("--delete", "delete groups without members")
    .option("--reset-offsets", "move the offsets of groups without members")
    .option("--delete-offsets", "delete a group's offsets of topics that it does not read")
    .option("--validate-regex <regex>", "say whether it is a regular expression of RE2", once("--validate-regex"))
    .option("--group <group>", "may stand more than once", collect)
    .option("--all-groups", "all groups of consumers")
    .option("--topic <topic[:0,2]>", "may stand more than once", collect)
    .option("--all-topics", "all that a group has committed")
    .option("--state [states]", "with --list: show states, or only groups in these; with --describe: the state")
    .option("--type [types]", "with --list: show types, or only groups of these")
    .option("--members", "with --describe: the members")
    .option("--offsets", "with --describe: offsets and lag, which is the default")
    .option("--verbose", "with --describe: more columns")
    .option("--to-earliest", "the first record there is")
    .option("--to-latest", "behind the last record")
    .option("--to-current", "where it is")
    .option("--to-offset <offset>", "this offset", once("--to-offset"))
    .option("--shift-by <records>", "forward, or back if negative", once("--shift-by"))
    .option("--to-datetime <time>", "2026-03-01T12:30:00.000, with a zone or UTC", once("--to-datetime"))
    .option("--by-duration <duration>", "that much before now: P7D, PT90M", once("--by-duration"))
    .option("--from-file <file>", "as the file's lines say", once("--from-file"))
    .option("--export", "print lines for --from-file")
    .option("--dry-run", "only show what would be done")
    .option("--execute", "do it");
}

function once(option: string): (value: string, before: string | undefined) => string {
  return (value, before) => {
    if (before !== undefined) throw new UsageError(`${option} stands twice`);
    return value;
  };
}

/** @throws {UsageError} for what does not go together. */
export function actionOf(flags: ToolFlags): Action {
  const actions = Object.keys(optionsOf) as Action[];
  const given = actions.filter((action) => flags[action] !== undefined);
  const [action] = given;
  if (action === undefined || given.length > 1) {
    throw new UsageError(`expected exactly one of ${actions.map(nameOf).join(", ")}`);
  }
  const known = new Set<string>([action, ...optionsOf[action], ...optionsOfAll]);
  const [stranger] = Object.keys(flags).filter((key) => !known.has(key));
  if (stranger !== undefined) throw new UsageError(`${nameOf(stranger)} does not go with ${nameOf(action)}`);
  if (action !== "validateRegex" && flags.bootstrapServer === undefined) {
    throw new UsageError("expected --bootstrap-server");
  }
  checkGroups(action, flags);
  checkDetails(action, flags);
  return action;
}

function checkGroups(action: Action, { group = [], allGroups = false }: ToolFlags): void {
  if (action === "list" || action === "validateRegex") return;
  if (action === "deleteOffsets") {
    if (group.length !== 1) throw new UsageError("--delete-offsets: expected --group, once");
  } else if (group.length > 0 === allGroups) {
    throw new UsageError(`${nameOf(action)}: expected --group or --all-groups`);
  }
}

function checkDetails(action: Action, flags: ToolFlags): void {
  const { members = false, offsets = false, state, dryRun, execute, topic } = flags;
  if (action === "describe") {
    if (Number(members) + Number(offsets) + Number(state !== undefined) > 1) {
      throw new UsageError("--describe: expected only one of --members, --offsets, --state");
    }
    if (typeof state === "string") throw new UsageError("--describe: --state takes no value");
  }
  if (action === "deleteOffsets" && topic === undefined) throw new UsageError("--delete-offsets: expected --topic");
  if (dryRun && execute) throw new UsageError("--dry-run, --execute: expected only one of them");
}

/** toOffset is --to-offset. */
function nameOf(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
