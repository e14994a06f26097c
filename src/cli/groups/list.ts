/** `regroup groups list` */
import type { Command } from "commander";
import type { GroupListing } from "../../client/admin/groups.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { say } from "../messages.ts";
import { namePattern } from "../name-pattern.ts";
import type { Columns } from "../output/columns.ts";
import { withAdmin } from "../with-client.ts";
import { WordsOption } from "../words-option.ts";
import { stateColour } from "./columns.ts";

interface ListFlags extends DataFlags {
  readonly match?: string;
  readonly state?: string;
  readonly type?: string;
}

const words = ["Stable", "Empty", "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling", "Dead"];
const states = new WordsOption("--state <states>", "those in one of these states", words);
const types = new WordsOption("--type <types>", "those of one of these types", [
  "classic",
  "consumer",
  "share",
  "streams",
]);

const columns: Columns<GroupListing> = {
  group: ({ groupId }) => groupId,
  type: ({ type }) => type || null,
  state: { value: ({ state }) => state || null, colour: ({ state }) => stateColour(state) },
  protocol: ({ protocolType }) => protocolType || null,
};

export function listCommand(): Command {
  return dataCommand("list", "List groups, with type and state.")
    .option("--match <regex>", "those whose whole name matches")
    .addOption(states)
    .addOption(types)
    .addHelpText("after", examples("regroup groups list", "regroup groups list --state Empty,Dead -o json"))
    .action((flags: ListFlags) => {
      const matches = namePattern(flags.match ?? ".*");
      const isOfState = states.matcher(flags.state);
      const isOfType = types.matcher(flags.type);
      const isMeant = ({ groupId, state, type }: GroupListing) =>
        matches(groupId) && isOfState(state) && isOfType(type);
      return withAdmin(flags, async ({ admin, output }) => {
        const groups = (await admin.listGroups()).filter(isMeant);
        await output.rows(groups, columns);
        if (groups.length === 0 && output.format === "table") say("There are no such groups.");
      });
    });
}
