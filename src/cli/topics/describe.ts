/** `regroup topics describe` */
import type { Command } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import type { ConfigEntry } from "../../client/admin/configs.ts";
import type { ListedOffset } from "../../client/admin/offsets.ts";
import type { PartitionMetadata, TopicDescription } from "../../client/cluster.ts";
import { partitionKey, type TopicPartition } from "../../client/topic-partition.ts";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { type Cell, type Columns, listing, objectsOf } from "../output/columns.ts";
import { type Failure, partial, throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";
import { type ChoiceFlags, chosenTopics, withChoice } from "./chosen-topics.ts";
import { isOwn } from "./config.ts";
import { replicationFactor } from "./list.ts";

interface Topic extends TopicDescription {
  /** Those set at the topic itself. */
  readonly configs: Readonly<Record<string, string | null>>;
  readonly rows: readonly Partition[];
}

interface Partition extends PartitionMetadata {
  readonly topic: string;
  /** Of the first record, and the one behind the last; undefined where no leader tells. */
  readonly startOffset: number | undefined;
  readonly endOffset: number | undefined;
}

const topicColumns: Columns<Topic> = {
  topic: ({ topic }) => topic,
  topicId: ({ topicId }) => topicId,
  partitions: ({ partitions }) => partitions.length,
  replicationFactor,
  configs: ({ configs }) => configs,
};

const partitionColumns: Columns<Partition> = {
  topic: ({ topic }) => topic,
  partition: ({ partition }) => partition,
  leader: {
    value: ({ leaderId }) => (leaderId < 0 ? null : leaderId),
    text: ({ leaderId }) => (leaderId < 0 ? "none" : String(leaderId)),
    colour: ({ leaderId }) => (leaderId < 0 ? "red" : undefined),
  },
  replicas: ({ replicas }) => replicas,
  isr: {
    value: ({ isr }) => isr,
    colour: ({ isr, replicas }) => (isr.length < replicas.length ? "yellow" : undefined),
  },
  startOffset: ({ startOffset = null }) => startOffset,
  endOffset: ({ endOffset = null }) => endOffset,
  offsets: ({ startOffset, endOffset }) => (startOffset === undefined ? null : endOffset! - startOffset),
};

export function describeCommand(): Command {
  return withChoice(dataCommand("describe", "Show the partitions of topics: leaders, replicas, offsets, configs."))
    .addHelpText(
      "after",
      `${examples("regroup topics describe orders", "regroup topics describe --match 'orders.*' -o yaml")}
OFFSETS is the distance between both: the number of records, but for those that compaction or transactions took.
`,
    )
    .action(describe);
}

async function describe(names: readonly string[], flags: DataFlags & ChoiceFlags): Promise<void> {
  await withAdmin(flags, async ({ admin, output }) => {
    const described = await partial(admin.describeTopics(await chosenTopics(admin, names, flags)));
    const { topics, failures } = await completed(admin, described.results);
    const rows = topics.flatMap((topic) => topic.rows);
    const partitions = listing(rows, partitionColumns);
    const sections = [listing(topics, topicColumns), partitions];
    await output.document({ data: topics.map(dataOf), sections, csv: partitions });
    throwFailures(described.failures, failures);
  });
}

/** With configs and offsets. */
async function completed(
  admin: Admin,
  topics: readonly TopicDescription[],
): Promise<{ readonly topics: readonly Topic[]; readonly failures: readonly Failure[] }> {
  const led: TopicPartition[] = topics.flatMap(({ topic, partitions }) => {
    return partitions.filter(({ leaderId }) => leaderId >= 0).map(({ partition }) => ({ topic, partition }));
  });
  const offsetsAt = (at: "earliest" | "latest") => partial(admin.listOffsets(led.map((each) => ({ ...each, at }))));
  const [configs, starts, ends] = await Promise.all([
    partial(admin.describeConfigs(topics.map(({ topic }) => ({ type: "topic", name: topic })))),
    offsetsAt("earliest"),
    offsetsAt("latest"),
  ]);
  const [startOf, endOf] = [offsetsByPartition(starts.results), offsetsByPartition(ends.results)];
  const configsOf = new Map(configs.results.map(({ name, entries }) => [name, configsSet(entries)]));
  const complete = topics.map((topic): Topic => {
    const rows = topic.partitions.map((partition): Partition => {
      const key = partitionKey(topic.topic, partition.partition);
      return { ...partition, topic: topic.topic, startOffset: startOf.get(key), endOffset: endOf.get(key) };
    });
    return { ...topic, configs: configsOf.get(topic.topic) ?? {}, rows };
  });
  return { topics: complete, failures: [configs, starts, ends].flatMap(({ failures }) => failures) };
}

function offsetsByPartition(offsets: readonly ListedOffset[]): Map<string, number> {
  return new Map(offsets.map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset]));
}

function configsSet(entries: readonly ConfigEntry[]): Record<string, string | null> {
  return Object.fromEntries(entries.filter(isOwn).map(({ name, value }) => [name, value]));
}

/** The two tables as one. */
function dataOf(topic: Topic): Cell {
  const [{ topic: name, topicId, configs }, partitions] = [topic, objectsOf(listing(topic.rows, partitionColumns))];
  return { topic: name, topicId, configs, partitions: partitions.map(({ topic: _, ...rest }) => rest) };
}
