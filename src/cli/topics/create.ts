/** `regroup topics create` */
import type { Command } from "commander";
import type { CreatedTopic } from "../../client/admin/topics.ts";
import { collect, type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { UsageError } from "../errors.ts";
import { integer, keyValues, largest } from "../key-values.ts";
import { say } from "../messages.ts";
import type { Columns } from "../output/columns.ts";
import { partial, throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";

interface CreateFlags extends DataFlags {
  readonly partitions?: string;
  readonly replicationFactor?: string;
  readonly replicas?: string;
  readonly set?: readonly string[];
  readonly ifNotExists?: boolean;
  readonly dryRun?: boolean;
}

const known = (count: number) => (count < 0 ? null : count);
const columns: Columns<CreatedTopic> = {
  topic: ({ topic }) => topic,
  partitions: ({ numPartitions }) => known(numPartitions),
  replicationFactor: ({ replicationFactor }) => known(replicationFactor),
  topicId: ({ topicId }) => topicId,
};

export function createCommand(): Command {
  return dataCommand("create", "Create topics.")
    .argument("<topic...>", "their names")
    .option("-p, --partitions <number>", "default: num.partitions of the broker")
    .option("--replication-factor <number>", "default: default.replication.factor of the broker")
    .option("--replicas <ids>", "of each partition, preferred leader first: 0:1,1:0 is two partitions on brokers 0, 1")
    .option("--set <key=value>", "a config of the topic; may stand more than once", collect)
    .option("--if-not-exists", "a topic that exists already is no error")
    .option("--dry-run", "only ask whether it could be done")
    .addHelpText(
      "after",
      examples(
        "regroup topics create orders --partitions 6",
        "regroup topics create prices --set cleanup.policy=compact --set retention.ms=-1",
      ),
    )
    .action(create);
}

async function create(topics: readonly string[], flags: CreateFlags): Promise<void> {
  const { partitions, replicationFactor, replicas, dryRun = false } = flags;
  if (replicas !== undefined && (partitions ?? replicationFactor) !== undefined) {
    throw new UsageError("--replicas says how many partitions and replicas there are: leave the numbers out");
  }
  const newTopics = [...new Set(topics)].map((topic) => ({
    topic,
    numPartitions: partitions === undefined ? undefined : integer("--partitions", partitions, 1, largest.int32),
    replicationFactor:
      replicationFactor === undefined
        ? undefined
        : integer("--replication-factor", replicationFactor, 1, largest.int16),
    replicaAssignment: replicas === undefined ? undefined : replicaAssignment(replicas),
    configs: keyValues("--set", flags.set),
  }));
  await withAdmin(flags, async ({ admin, output }) => {
    const tolerated = flags.ifNotExists === true ? "TOPIC_ALREADY_EXISTS" : undefined;
    const { results, failures } = await partial(admin.createTopics(newTopics, { validateOnly: dryRun }), tolerated);
    await output.rows(results, columns);
    if (dryRun) say("Dry run: nothing was created.");
    throwFailures(failures);
  });
}

/** 0:1,1:0 is [[0, 1], [1, 0]]. */
function replicaAssignment(text: string): number[][] {
  return text.split(",").map((ids) => ids.split(":").map((id) => integer("--replicas", id, 0, largest.int32)));
}
