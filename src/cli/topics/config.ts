/** `regroup topics config` */
import type { Command } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import type { ConfigChange, ConfigEntry } from "../../client/admin/configs.ts";
import { collect, type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { UsageError } from "../errors.ts";
import { keyValues } from "../key-values.ts";
import { say } from "../messages.ts";
import type { Columns } from "../output/columns.ts";
import { type Failure, partial, throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";
import { type ChoiceFlags, chosenTopics, withChoice } from "./chosen-topics.ts";

interface ConfigFlags extends DataFlags, ChoiceFlags {
  readonly set?: readonly string[];
  readonly delete?: readonly string[];
  readonly append?: readonly string[];
  readonly subtract?: readonly string[];
  readonly key?: readonly string[];
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

interface TopicConfig extends ConfigEntry {
  readonly topic: string;
}

const columns: Columns<TopicConfig> = {
  topic: ({ topic }) => topic,
  key: ({ name }) => name,
  value: ({ value }) => value,
  source: { value: ({ source }) => source, colour: ({ isDefault }) => (isDefault ? "gray" : undefined) },
};

export function configCommand(): Command {
  return withChoice(dataCommand("config", "Show and change the configs of topics."))
    .option("--all", "also what comes from the broker and from defaults")
    .option("--key <name>", "only this one, wherever it comes from; may stand more than once", collect)
    .option("--set <key=value>", "may stand more than once", collect)
    .option("--delete <key>", "back to what the broker has; may stand more than once", collect)
    .option("--append <key=value>", "to a list", collect)
    .option("--subtract <key=value>", "from a list", collect)
    .option("--dry-run", "only ask whether it could be done")
    .addHelpText(
      "after",
      examples(
        "regroup topics config orders",
        "regroup topics config orders --all",
        "regroup topics config orders --set retention.ms=3600000 --delete cleanup.policy",
        "regroup topics config --match 'orders.*' --key retention.ms",
      ),
    )
    .action(config);
}

async function config(names: readonly string[], flags: ConfigFlags): Promise<void> {
  const change = changeOf(flags);
  if (flags.dryRun === true && change === undefined) throw new UsageError("--dry-run: nothing is to be changed");
  await withAdmin(flags, async ({ admin, output }) => {
    const topics = await chosenTopics(admin, names, flags);
    const refused = change === undefined ? [] : await alter(admin, topics, change, flags);
    const queries = topics.map((name) => ({ type: "topic" as const, name, keys: flags.key }));
    const { results, failures } = await partial(admin.describeConfigs(queries));
    const entries = results.flatMap(({ name: topic, entries }) => entries.map((entry) => ({ ...entry, topic })));
    await output.rows(
      entries.filter((entry) => flags.all === true || flags.key !== undefined || isOwn(entry)),
      columns,
    );
    if (flags.dryRun === true) say("Dry run: nothing was changed.");
    throwFailures(failures, refused);
  });
}

type Change = Omit<ConfigChange, "type" | "name">;

function changeOf(flags: ConfigFlags): Change | undefined {
  const { set, delete: deleted, append, subtract } = flags;
  if ([set, deleted, append, subtract].every((each) => each === undefined)) return undefined;
  return {
    set: keyValues("--set", set),
    delete: deleted,
    append: keyValues("--append", append),
    subtract: keyValues("--subtract", subtract),
  };
}

async function alter(
  admin: Admin,
  topics: readonly string[],
  change: Change,
  { dryRun = false }: ConfigFlags,
): Promise<readonly Failure[]> {
  const changes = topics.map((name) => ({ type: "topic" as const, name, ...change }));
  return (await partial(admin.alterConfigs(changes, { validateOnly: dryRun }).then(() => []))).failures;
}

/** Set at the topic itself. */
export function isOwn({ source }: ConfigEntry): boolean {
  return source === "DYNAMIC_TOPIC_CONFIG";
}
