/** `regroup groups delete-offsets` */
import type { Command } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import { collect, type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { FailedError, UsageError } from "../errors.ts";
import { say } from "../messages.ts";
import { namePattern } from "../name-pattern.ts";
import { withAdmin } from "../with-client.ts";
import { deleteGroupOffsets, type ForgottenOffset, throwUndeleted } from "./delete-group-offsets.ts";
import { type TopicChoice, topicChoices } from "./topic-choice.ts";

interface Flags extends DataFlags {
  readonly topic?: readonly string[];
  readonly matchTopic?: string;
  readonly execute?: boolean;
  readonly dryRun?: boolean;
}

export function deleteOffsetsCommand(): Command {
  return dataCommand("delete-offsets", "Delete a group's offsets of topics that it does not read.")
    .argument("<group>", "its name")
    .option("--topic <topic[:0,2]>", "a topic, or some of its partitions; may stand more than once", collect)
    .option("--match-topic <regex>", "topics of the group whose whole name matches")
    .option("--execute", "with --match-topic, which without it only shows what would be deleted")
    .option("--dry-run", "only show what would be deleted")
    .addHelpText(
      "after",
      examples(
        "regroup groups delete-offsets billing --topic old-orders",
        "regroup groups delete-offsets billing --topic orders:5 --dry-run",
      ),
    )
    .action(deleteOffsets);
}

async function deleteOffsets(group: string, flags: Flags): Promise<void> {
  const { topic = [], matchTopic, dryRun = false, execute = false } = flags;
  if (topic.length > 0 === (matchTopic !== undefined)) throw new UsageError("expected --topic, or --match-topic");
  const named = topicChoices(topic);
  const matches = namePattern(matchTopic ?? ".*");
  const isDry = dryRun || (matchTopic !== undefined && !execute);
  await withAdmin(flags, async ({ admin, output }) => {
    await admin.describeGroups([group]);
    const choices = matchTopic === undefined ? named : await committedTopics(admin, group, matches);
    const { offsets, unknown } = await deleteGroupOffsets(admin, group, choices, { dryRun: isDry });
    await output.rows(offsets, {
      group: () => group,
      topic: (each: ForgottenOffset) => each.topic,
      partition: (each) => each.partition,
      priorOffset: (each) => each.priorOffset,
      deleted: (each) => !isDry && each.error === undefined,
    });
    if (isDry) say(`Dry run: nothing was deleted.${dryRun ? "" : " Add --execute to delete them."}`);
    throwUndeleted(group, offsets, unknown);
  });
}

async function committedTopics(
  admin: Admin,
  group: string,
  matches: (name: string) => boolean,
): Promise<TopicChoice[]> {
  const topics = new Set((await admin.listGroupOffsets(group)).map(({ topic }) => topic).filter(matches));
  if (topics.size === 0) throw new FailedError(`group ${group} has offsets of no such topic`);
  return [...topics].map((topic) => ({ topic, partitions: "all" }));
}
