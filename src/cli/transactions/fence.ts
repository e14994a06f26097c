/** `regroup transactions fence` */
import type { Command } from "commander";
import type { FencedProducer } from "../../client/admin/transactions.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import type { Columns } from "../output/columns.ts";
import { partial, throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";

const columns: Columns<FencedProducer> = {
  transactionalId: ({ transactionalId }) => transactionalId,
  producerId: ({ producerId }) => producerId,
  producerEpoch: ({ producerEpoch }) => producerEpoch,
};

export function fenceCommand(): Command {
  return dataCommand("fence", "Fence the producers of transactional ids, and abort what they have open.")
    .argument("<transactional-id...>", "their ids")
    .addHelpText(
      "after",
      `${examples("regroup transactions fence billing-1")}
An id that nobody knows is refused; Kafka's own tool makes it.
`,
    )
    .action((ids: readonly string[], flags: DataFlags) =>
      withAdmin(flags, async ({ admin, output }) => {
        const known = await partial(admin.describeTransactions([...new Set(ids)]));
        const found = known.results.map(({ transactionalId }) => transactionalId);
        const { results, failures } = await partial(admin.fenceProducers(found));
        await output.rows(results, columns);
        throwFailures(known.failures, failures);
      }),
    );
}
