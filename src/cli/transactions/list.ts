/** `regroup transactions list` */
import type { Command } from "commander";
import type { TransactionListing } from "../../client/admin/transactions.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { integer } from "../key-values.ts";
import { say } from "../messages.ts";
import { namePattern } from "../name-pattern.ts";
import type { Columns } from "../output/columns.ts";
import { duration } from "../records/instant.ts";
import { withAdmin } from "../with-client.ts";
import { WordsOption } from "../words-option.ts";
import { stateColour } from "./state-colour.ts";

interface ListFlags extends DataFlags {
  readonly match?: string;
  readonly state?: string;
  readonly producerId?: string;
  readonly longerThan?: string;
}

/** As brokers write them. */
const states = new WordsOption("--state <states>", "those in one of these states", [
  "Empty",
  "Ongoing",
  "PrepareCommit",
  "PrepareAbort",
  "CompleteCommit",
  "CompleteAbort",
  "PrepareEpochFence",
  "Dead",
]);

const columns: Columns<TransactionListing> = {
  transactionalId: ({ transactionalId }) => transactionalId,
  coordinator: ({ coordinator: { host, port } }) => `${host}:${port}`,
  coordinatorId: ({ coordinator }) => coordinator.nodeId,
  producerId: ({ producerId }) => producerId,
  state: { value: ({ state }) => state, colour: ({ state }) => stateColour(state) },
};

export function listCommand(): Command {
  return dataCommand("list", "List transactional ids, with the states of their transactions.")
    .option("--match <regex>", "those whose whole id matches")
    .addOption(states)
    .option("--producer-id <number>", "the one that goes by this producer id")
    .option("--longer-than <time>", "those that have been open for longer: 90s, 10m, 2h, 7d")
    .addHelpText(
      "after",
      examples("regroup transactions list", "regroup transactions list --state Ongoing --longer-than 10m"),
    )
    .action((flags: ListFlags) => {
      const matches = namePattern(flags.match ?? ".*");
      const isOfState = states.matcher(flags.state);
      const producerIds = flags.producerId === undefined ? [] : [integer("--producer-id", flags.producerId, 0)];
      // Brokers count those that never were open as open for very long.
      const isOpen = flags.longerThan === undefined ? {} : { states: ["Ongoing", "PrepareCommit", "PrepareAbort"] };
      const longerThanMs = flags.longerThan === undefined ? undefined : duration("--longer-than", flags.longerThan);
      return withAdmin(flags, async ({ admin, output }) => {
        const all = await admin.listTransactions({ ...isOpen, producerIds, longerThanMs });
        const meant = all.filter(({ transactionalId, state }) => matches(transactionalId) && isOfState(state));
        await output.rows(meant, columns);
        if (meant.length === 0 && output.format === "table") say("There are no such transactions.");
      });
    });
}
