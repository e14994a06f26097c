/** `regroup transactions producers` */
import type { Command } from "commander";
import type { PartitionProducers, ProducerState } from "../../client/admin/transactions.ts";
import type { TopicPartition } from "../../client/topic-partition.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { say } from "../messages.ts";
import type { Columns } from "../output/columns.ts";
import { partial, throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";
import { chosenPartitions, type PartitionFlags, partitionChoice } from "./partitions.ts";

type Producer = TopicPartition & ProducerState;

const columns: Columns<Producer> = {
  topic: ({ topic }) => topic,
  partition: ({ partition }) => partition,
  producerId: ({ producerId }) => producerId,
  producerEpoch: ({ producerEpoch }) => producerEpoch,
  coordinatorEpoch: ({ coordinatorEpoch }) => coordinatorEpoch ?? null,
  lastSequence: ({ lastSequence }) => lastSequence,
  lastTimestamp: ({ lastTimestampMs }) => (lastTimestampMs < 0 ? null : new Date(lastTimestampMs).toISOString()),
  startOffset: {
    value: ({ currentTransactionStartOffset }) => currentTransactionStartOffset ?? null,
    colour: ({ currentTransactionStartOffset }) => (currentTransactionStartOffset === undefined ? undefined : "green"),
  },
};

export function producersCommand(): Command {
  return dataCommand("producers", "Show the producers that partitions remember, and their open transactions.")
    .argument("<topic...>", "their names")
    .option("-p, --partition <number>", "only this one of the topic")
    .option("--broker-id <id>", "ask this replica; default: the leaders")
    .addHelpText(
      "after",
      `${examples("regroup transactions producers orders", "regroup transactions producers orders -p 0 -o json")}
START-OFFSET is where the open transaction of the producer begins, if it has one.
`,
    )
    .action((topics: readonly string[], flags: DataFlags & PartitionFlags) => {
      const choice = partitionChoice(topics, flags);
      return withAdmin(flags, async ({ admin, output }) => {
        const partitions = await chosenPartitions(admin, choice);
        const described = await partial(admin.describeProducers(partitions, { brokerId: choice.brokerId }));
        const producers = described.results.flatMap(producersOf);
        await output.rows(producers, columns);
        if (producers.length === 0 && output.format === "table") say("No partition remembers a producer.");
        throwFailures(described.failures);
      });
    });
}

export function producersOf({ topic, partition, producers }: PartitionProducers): Producer[] {
  return producers.map((producer) => ({ topic, partition, ...producer }));
}
