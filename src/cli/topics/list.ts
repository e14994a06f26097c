/** `regroup topics list` */
import type { Command } from "commander";
import type { TopicDescription } from "../../client/cluster.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import type { Columns } from "../output/columns.ts";
import { withAdmin } from "../with-client.ts";

interface ListFlags extends DataFlags {
  readonly internal?: true;
}

const columns: Columns<TopicDescription> = {
  topic: ({ topic }) => topic,
  partitions: ({ partitions }) => partitions.length,
  replicationFactor: ({ partitions }) => Math.max(0, ...partitions.map(({ replicas }) => replicas.length)),
};

export function listCommand(): Command {
  return dataCommand("list", "List topics.")
    .option("--internal", "also the cluster's own, such as __consumer_offsets")
    .addHelpText("after", examples("regroup topics list", "regroup topics list -o json | jq -r '.[].topic'"))
    .action((flags: ListFlags) =>
      withAdmin(flags, async ({ admin, output }) => {
        const topics = await admin.listTopics();
        await output.rows(
          topics.filter(({ isInternal }) => flags.internal === true || !isInternal),
          columns,
        );
      }),
    );
}
