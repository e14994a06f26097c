/** `regroup transactions find-hanging` */
import type { Command } from "commander";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { say } from "../messages.ts";
import type { Columns } from "../output/columns.ts";
import { partial, throwFailures } from "../partial.ts";
import { duration } from "../records/instant.ts";
import { withAdmin } from "../with-client.ts";
import { hangingOf, type OpenTransaction } from "./hanging.ts";
import { chosenPartitions, type PartitionFlags, partitionChoice } from "./partitions.ts";
import { producersOf } from "./producers.ts";

interface FindFlags extends DataFlags, PartitionFlags {
  readonly longerThan: string;
}

function columnsAt(nowMs: number): Columns<OpenTransaction> {
  return {
    topic: ({ topic }) => topic,
    partition: ({ partition }) => partition,
    producerId: ({ producerId }) => producerId,
    producerEpoch: ({ producerEpoch }) => producerEpoch,
    coordinatorEpoch: ({ coordinatorEpoch }) => coordinatorEpoch ?? null,
    startOffset: ({ currentTransactionStartOffset }) => currentTransactionStartOffset,
    lastTimestamp: ({ lastTimestampMs }) => new Date(lastTimestampMs).toISOString(),
    durationMs: ({ lastTimestampMs }) => nowMs - lastTimestampMs,
  };
}

export function findHangingCommand(): Command {
  return dataCommand("find-hanging", "Find transactions that no coordinator will end.")
    .argument("[topic...]", "only in these; default: all")
    .option("-p, --partition <number>", "only this one of the topic")
    .option("--broker-id <id>", "only partitions that this broker has")
    .option("--longer-than <time>", "transaction.max.timeout.ms of the brokers: 90s, 10m, 2h", "15m")
    .addHelpText(
      "after",
      `${examples("regroup transactions find-hanging", "regroup transactions find-hanging orders --longer-than 1h")}
A transaction hangs when a partition holds it open and its coordinator does not know that it is: consumers with
read_committed do not get past it. \`regroup transactions abort\` ends it.
`,
    )
    .action(findHanging);
}

async function findHanging(topics: readonly string[], flags: FindFlags): Promise<void> {
  const longerThanMs = duration("--longer-than", flags.longerThan);
  const choice = partitionChoice(topics, flags);
  await withAdmin(flags, async ({ admin, output }) => {
    const partitions = await chosenPartitions(admin, choice);
    const described = await partial(admin.describeProducers(partitions, { brokerId: choice.brokerId }));
    const nowMs = Date.now();
    const candidates = described.results.flatMap(producersOf).flatMap((producer): OpenTransaction[] => {
      const { currentTransactionStartOffset, lastTimestampMs } = producer;
      if (currentTransactionStartOffset === undefined || nowMs - lastTimestampMs <= longerThanMs) return [];
      return [{ ...producer, currentTransactionStartOffset }];
    });
    const hanging = await hangingOf(admin, candidates);
    await output.rows(hanging, columnsAt(nowMs));
    if (hanging.length === 0 && output.format === "table") say("No transaction hangs.");
    throwFailures(described.failures);
  });
}
