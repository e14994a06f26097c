/** `regroup transactions describe` */
import type { Command } from "commander";
import type { TransactionDescription } from "../../client/admin/transactions.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { byTopicAndPartition, partitionList } from "../groups/partition-list.ts";
import type { Columns } from "../output/columns.ts";
import { partial, throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";
import { chosenIds, type IdFlags, withIds } from "./chosen-ids.ts";
import { stateColour } from "./state-colour.ts";

function columnsAt(nowMs: number): Columns<TransactionDescription> {
  return {
    transactionalId: ({ transactionalId }) => transactionalId,
    state: { value: ({ state }) => state, colour: ({ state }) => stateColour(state) },
    coordinatorId: ({ coordinatorId }) => coordinatorId,
    producerId: ({ producerId }) => producerId,
    producerEpoch: ({ producerEpoch }) => producerEpoch,
    timeoutMs: ({ timeoutMs }) => timeoutMs,
    startTime: ({ startedMs }) => (startedMs === undefined ? null : new Date(startedMs).toISOString()),
    durationMs: ({ startedMs }) => (startedMs === undefined ? null : Math.max(0, nowMs - startedMs)),
    partitions: {
      value: ({ partitions }) => partitions.toSorted(byTopicAndPartition).map(({ ...each }) => each),
      text: ({ partitions }) => partitionList(partitions) || "-",
    },
  };
}

export function describeCommand(): Command {
  const summary = "Show transactions: their producers, how long they are open, and where they write.";
  return withIds(dataCommand("describe", summary))
    .addHelpText(
      "after",
      examples("regroup transactions describe billing-1", "regroup transactions describe --match 'billing-.*' -o json"),
    )
    .action((ids: readonly string[], flags: DataFlags & IdFlags) =>
      withAdmin(flags, async ({ admin, output }) => {
        const described = await partial(admin.describeTransactions(await chosenIds(admin, ids, flags)));
        await output.rows(described.results, columnsAt(Date.now()));
        throwFailures(described.failures);
      }),
    );
}
