/** `regroup groups list` */
import type { Command } from "commander";
import type { GroupListing } from "../../client/admin/groups.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { UsageError } from "../errors.ts";
import { say } from "../messages.ts";
import { namePattern } from "../name-pattern.ts";
import type { Columns } from "../output/columns.ts";
import { withAdmin } from "../with-client.ts";
import { stateColour } from "./columns.ts";

interface ListFlags extends DataFlags {
  readonly match?: string;
  readonly state?: string;
  readonly type?: string;
}

const states = ["Stable", "Empty", "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling", "Dead"];
const types = ["classic", "consumer", "share", "streams"];

const columns: Columns<GroupListing> = {
  group: ({ groupId }) => groupId,
  type: ({ type }) => type || null,
  state: { value: ({ state }) => state || null, colour: ({ state }) => stateColour(state) },
  protocol: ({ protocolType }) => protocolType || null,
};

export function listCommand(): Command {
  return dataCommand("list", "List groups, with type and state.")
    .option("--match <regex>", "those whose whole name matches")
    .option("--state <states>", `those in one of these states: ${states.join(", ")}`)
    .option("--type <types>", `those of one of these types: ${types.join(", ")}`)
    .addHelpText("after", examples("regroup groups list", "regroup groups list --state Empty,Dead -o json"))
    .action((flags: ListFlags) => {
      const matches = namePattern(flags.match ?? ".*");
      const isOfState = oneOf("--state", flags.state, states);
      const isOfType = oneOf("--type", flags.type, types);
      const isMeant = ({ groupId, state, type }: GroupListing) =>
        matches(groupId) && isOfState(state) && isOfType(type);
      return withAdmin(flags, async ({ admin, output }) => {
        const groups = (await admin.listGroups()).filter(isMeant);
        await output.rows(groups, columns);
        if (groups.length === 0 && output.format === "table") say("There are no such groups.");
      });
    });
}

/** @param text words with commas between them, in any case. @throws {UsageError} for a word that is not known. */
export function oneOf(option: string, text: string | undefined, known: readonly string[]): (word: string) => boolean {
  if (text === undefined) return () => true;
  const wanted = new Set(text.split(",").map((word) => word.trim().toLowerCase()));
  const unknown = [...wanted].filter((word) => !known.some((each) => each.toLowerCase() === word));
  if (unknown.length > 0) throw new UsageError(`${option} ${text}: expected one or more of ${known.join(",")}`);
  return (word) => wanted.has(word.toLowerCase());
}
