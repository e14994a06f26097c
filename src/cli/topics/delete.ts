/** `regroup topics delete` */
import type { Command } from "commander";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { say } from "../messages.ts";
import { partial, throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";
import { type ChoiceFlags, chosenTopics, withChoice } from "./chosen-topics.ts";

interface DeleteFlags extends DataFlags, ChoiceFlags {
  readonly ifExists?: boolean;
  readonly execute?: boolean;
  readonly dryRun?: boolean;
}

export function deleteCommand(): Command {
  return withChoice(dataCommand("delete", "Delete topics, with all that is in them."))
    .option("--execute", "with --match, which without it only shows what would be deleted")
    .option("--dry-run", "only show what would be deleted")
    .option("--if-exists", "a topic that does not exist is no error")
    .addHelpText("after", examples("regroup topics delete orders", "regroup topics delete --match 'test-.*' --execute"))
    .action(deleteTopics);
}

async function deleteTopics(names: readonly string[], flags: DeleteFlags): Promise<void> {
  const isDry = flags.dryRun === true || (flags.match !== undefined && flags.execute !== true);
  await withAdmin(flags, async ({ admin, output }) => {
    const topics = await chosenTopics(admin, names, flags);
    const tolerated = flags.ifExists === true ? "UNKNOWN_TOPIC_OR_PARTITION" : undefined;
    const { results, failures } = await partial(admin.describeTopics(topics), tolerated);
    const found = results.map(({ topic }) => topic);
    const refused = isDry ? [] : (await partial(admin.deleteTopics(found).then(() => []))).failures;
    const kept = new Set(refused.map(({ item }) => (item as { topic: string }).topic));
    await output.rows(found, { topic: (topic) => topic, deleted: (topic) => !isDry && !kept.has(topic) });
    if (isDry) say(`Dry run: nothing was deleted.${flags.match === undefined ? "" : " Add --execute to delete them."}`);
    throwFailures(failures, refused);
  });
}
