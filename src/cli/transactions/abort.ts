/** `regroup transactions abort` */
import type { Command } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import type { TransactionToAbort } from "../../client/admin/transactions.ts";
import type { TopicPartition } from "../../client/topic-partition.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { FailedError, UsageError } from "../errors.ts";
import { integer, largest } from "../key-values.ts";
import { say } from "../messages.ts";
import type { Columns } from "../output/columns.ts";
import { withAdmin } from "../with-client.ts";
import { hangingOf } from "./hanging.ts";

interface AbortFlags extends DataFlags {
  readonly partition: string;
  readonly startOffset?: string;
  readonly producerId?: string;
  readonly producerEpoch?: string;
  readonly coordinatorEpoch?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

const columns: Columns<TransactionToAbort> = {
  topic: ({ topic }) => topic,
  partition: ({ partition }) => partition,
  producerId: ({ producerId }) => producerId,
  producerEpoch: ({ producerEpoch }) => producerEpoch,
  coordinatorEpoch: ({ coordinatorEpoch }) => coordinatorEpoch,
};

export function abortCommand(): Command {
  return dataCommand("abort", "Abort a hanging transaction in its partition.")
    .argument("<topic>", "its name")
    .requiredOption("-p, --partition <number>", "of the topic")
    .option("--start-offset <offset>", "where the transaction begins, as find-hanging shows it")
    .option("--producer-id <number>", "instead of where it begins, with both epochs, for brokers before Kafka 3.0")
    .option("--producer-epoch <number>", "of that producer")
    .option("--coordinator-epoch <number>", "of the coordinator that last ended a transaction of it")
    .option("--force", "also one that its coordinator knows of")
    .option("--dry-run", "only show what would be aborted")
    .addHelpText(
      "after",
      `${examples("regroup transactions abort orders -p 0 --start-offset 42")}
A transaction that its coordinator knows of is aborted by \`regroup transactions fence\`, in all of its partitions: here
it would be aborted in one of them, and the others might be committed. Who names the producer is not asked whether it
has anything open there: the marker is written.
`,
    )
    .action((topic: string, flags: AbortFlags) => {
      const where = { topic, partition: integer("--partition", flags.partition, 0, largest.int32) };
      const named = namedBy(where, flags);
      return withAdmin(flags, async ({ admin, output }) => {
        const open = typeof named === "number" ? await beginningAt(admin, where, named, flags) : named;
        if (flags.dryRun !== true) await admin.abortTransaction(open);
        await output.rows([open], columns);
        if (flags.dryRun === true) say("Dry run: nothing was aborted.");
      });
    });
}

/** @returns the start offset, or the transaction itself. @throws {UsageError} */
function namedBy(where: TopicPartition, flags: AbortFlags): number | TransactionToAbort {
  const { startOffset, producerId, producerEpoch, coordinatorEpoch } = flags;
  const byProducer = [producerId, producerEpoch, coordinatorEpoch].filter((each) => each !== undefined);
  if (startOffset !== undefined && byProducer.length === 0) return integer("--start-offset", startOffset, 0);
  if (startOffset !== undefined || byProducer.length < 3) {
    throw new UsageError("expected --start-offset, or --producer-id, --producer-epoch and --coordinator-epoch");
  }
  return {
    ...where,
    producerId: integer("--producer-id", producerId!, 0),
    producerEpoch: integer("--producer-epoch", producerEpoch!, 0, largest.int16),
    coordinatorEpoch: integer("--coordinator-epoch", coordinatorEpoch!, 0, largest.int32),
  };
}

async function beginningAt(
  admin: Admin,
  where: TopicPartition,
  startOffset: number,
  { force = false }: AbortFlags,
): Promise<TransactionToAbort> {
  const [described] = await admin.describeProducers([where]);
  const found = described!.producers.find((each) => each.currentTransactionStartOffset === startOffset);
  if (found === undefined) {
    throw new FailedError(`${where.topic}/${where.partition}: no open transaction begins at ${startOffset}`);
  }
  const open = { ...where, ...found, currentTransactionStartOffset: startOffset };
  if (!force && (await hangingOf(admin, [open])).length === 0) {
    throw new FailedError(
      `${where.topic}/${where.partition}: its coordinator knows the transaction that begins at ${startOffset} ` +
        `(\`regroup transactions list --producer-id ${found.producerId}\` tells its id): fence that, or --force`,
    );
  }
  const { producerId, producerEpoch, coordinatorEpoch = 0 } = found;
  return { ...where, producerId, producerEpoch, coordinatorEpoch };
}
