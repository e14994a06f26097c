/** `regroup topics add-partitions` */
import type { Command } from "commander";
import { type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { UsageError } from "../errors.ts";
import { integer, largest } from "../key-values.ts";
import { say } from "../messages.ts";
import type { Columns } from "../output/columns.ts";
import { partial, throwFailures } from "../partial.ts";
import { withAdmin } from "../with-client.ts";
import { type ChoiceFlags, chosenTopics, withChoice } from "./chosen-topics.ts";

interface AddFlags extends DataFlags, ChoiceFlags {
  readonly to?: string;
  readonly by?: string;
  readonly dryRun?: boolean;
}

interface Widened {
  readonly topic: string;
  readonly before: number;
  readonly count: number;
}

const columns: Columns<Widened> = {
  topic: ({ topic }) => topic,
  partitionsBefore: ({ before }) => before,
  partitions: ({ count }) => count,
};

export function addPartitionsCommand(): Command {
  return withChoice(dataCommand("add-partitions", "Give topics more partitions; there is no way back."))
    .option("--to <number>", "so many in all")
    .option("--by <number>", "so many more")
    .option("--dry-run", "only ask whether it could be done")
    .addHelpText(
      "after",
      `${examples("regroup topics add-partitions orders --to 12", "regroup topics add-partitions orders --by 2")}
Records with a key go to other partitions from then on: their order is kept within the old and within the new ones.
`,
    )
    .action(addPartitions);
}

async function addPartitions(names: readonly string[], flags: AddFlags): Promise<void> {
  const { to, by, dryRun = false } = flags;
  if ((to === undefined) === (by === undefined)) throw new UsageError("expected either --to or --by");
  const most = to === undefined ? undefined : integer("--to", to, 1, largest.int32);
  const more = by === undefined ? 0 : integer("--by", by, 1, largest.int32);
  await withAdmin(flags, async ({ admin, output }) => {
    const { results, failures } = await partial(admin.describeTopics(await chosenTopics(admin, names, flags)));
    const wanted = results.map(({ topic, partitions: { length: before } }) => {
      return { topic, before, count: most ?? before + more };
    });
    const excess = wanted.find(({ count }) => count > largest.int32);
    if (excess) throw new UsageError(`--by ${by}: ${excess.topic} has ${excess.before}, and at most ${largest.int32}`);
    const call = admin.createPartitions(wanted, { validateOnly: dryRun }).then(() => []);
    const refused = (await partial(call)).failures;
    const unchanged = new Set(refused.map(({ item }) => item));
    await output.rows(
      wanted.filter((each) => !unchanged.has(each)),
      columns,
    );
    if (dryRun) say("Dry run: nothing was changed.");
    throwFailures(failures, refused);
  });
}
