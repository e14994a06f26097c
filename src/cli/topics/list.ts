/** `regroup topics list` */
import type { Command } from "commander";
import type { TopicDescription } from "../../client/cluster.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { say } from "../messages.ts";
import { namePattern } from "../name-pattern.ts";
import type { Columns } from "../output/columns.ts";
import { withAdmin } from "../with-client.ts";

interface ListFlags extends DataFlags {
  readonly internal?: boolean;
  readonly match?: string;
}

const columns: Columns<TopicDescription> = {
  topic: ({ topic }) => topic,
  partitions: ({ partitions }) => partitions.length,
  replicationFactor,
};

export function listCommand(): Command {
  return dataCommand("list", "List topics.")
    .option("--match <regex>", "those whose whole name matches")
    .option("--internal", "also the cluster's own, such as __consumer_offsets")
    .addHelpText("after", examples("regroup topics list", "regroup topics list --match 'orders.*' -o json"))
    .action((flags: ListFlags) => {
      const matches = namePattern(flags.match ?? ".*");
      const isMeant = ({ topic, isInternal }: TopicDescription) => {
        return matches(topic) && (flags.internal === true || !isInternal);
      };
      return withAdmin(flags, async ({ admin, output }) => {
        const topics = (await admin.listTopics()).filter(isMeant);
        await output.rows(topics, columns);
        if (topics.length === 0 && output.format === "table") say("There are no such topics.");
      });
    });
}

/** Of the partition that has the most. */
export function replicationFactor({ partitions }: TopicDescription): number {
  return Math.max(0, ...partitions.map(({ replicas }) => replicas.length));
}
