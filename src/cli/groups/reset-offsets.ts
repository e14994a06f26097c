/** `regroup groups reset-offsets` */
import type { Command } from "commander";
import { collect, type DataFlags, dataCommand, examples } from "../broker-command.ts";
import { FailedError, UsageError } from "../errors.ts";
import { say } from "../messages.ts";
import { namePattern } from "../name-pattern.ts";
import type { Columns } from "../output/columns.ts";
import { writeOut } from "../stdout.ts";
import { withAdmin } from "../with-client.ts";
import { chosenGroups, type GroupFlags, withGroups } from "./chosen-groups.ts";
import { executeReset } from "./reset/execute-reset.ts";
import { parsePlan, planCsv } from "./reset/plan-csv.ts";
import { planReset } from "./reset/plan-reset.ts";
import { readPlan } from "./reset/read-plan.ts";
import { type ResetFlags, type ResetRequest, rowsByGroup, scopeOf, targetOf } from "./reset/reset-request.ts";
import type { PlannedOffset } from "./reset/target.ts";

interface Flags extends DataFlags, GroupFlags, ResetFlags {
  readonly matchTopic?: string;
  readonly export?: boolean;
  readonly create?: boolean;
  readonly execute?: boolean;
}

const columns: Columns<PlannedOffset> = {
  group: ({ group }) => group,
  topic: ({ topic }) => topic,
  partition: ({ partition }) => partition,
  priorOffset: ({ priorOffset }) => priorOffset,
  newOffset: ({ newOffset }) => newOffset,
  skipped: { value: ({ skipped }) => skipped, colour: ({ skipped }) => ((skipped ?? 0) > 0 ? "red" : undefined) },
  replayed: {
    value: ({ replayed }) => replayed,
    colour: ({ replayed }) => ((replayed ?? 0) > 0 ? "yellow" : undefined),
  },
};

export function resetOffsetsCommand(): Command {
  const command = withGroups(dataCommand("reset-offsets", "Move the committed offsets of groups without members."));
  return command
    .option("--topic <topic[:0,2]>", "a topic, or some of its partitions; may stand more than once", collect)
    .option("--all-topics", "all that the group has committed")
    .option("--match-topic <regex>", "of these, topics whose whole name matches")
    .option("--to-earliest", "the first record there is")
    .option("--to-latest", "behind the last record")
    .option("--to-current", "where it is: for --export")
    .option("--to-offset <offset>", "this offset")
    .option("--shift-by <records>", "forward, or back if negative")
    .option("--to-datetime <time>", "the first record as late as 2026-03-01T12:30:00 (UTC, or with +02:00)")
    .option("--by-duration <duration>", "the first record that is not older than P7D, PT90M, 12h")
    .option("--from-file <file>", "as the lines topic,partition,offset or group,topic,partition,offset say")
    .option("--execute", "do it; otherwise only show what would be done")
    .option("--export", "print lines for --from-file")
    .option("--create", "make groups that do not exist")
    .addHelpText(
      "after",
      `${examples(
        "regroup groups reset-offsets billing --all-topics --to-earliest",
        "regroup groups reset-offsets billing --topic orders:0,2 --shift-by -100 --execute",
        "regroup groups reset-offsets billing --all-topics --to-current --export > before.csv",
        "regroup groups reset-offsets billing --from-file before.csv --execute",
      )}
SKIPPED records are never read, REPLAYED ones once more. Offsets count: compaction and transactions leave gaps.
`,
    )
    .action(resetOffsets);
}

async function resetOffsets(names: readonly string[], flags: Flags): Promise<void> {
  const { execute = false, create = false } = flags;
  const requestOf = await readRequest(flags);
  await withAdmin(flags, async ({ admin, output }) => {
    const groupIds = await chosenGroups(admin, names, flags);
    const plan = await planReset(admin, groupIds, requestOf(groupIds), { create });
    for (const note of plan.notes) say(`Note: ${note}`);
    const done = execute ? await executeReset(admin, plan.offsets) : { offsets: plan.offsets, problems: [] };
    const { offsets } = done;
    if (flags.export === true) await writeOut(planCsv(offsets, names.length !== 1));
    else await output.rows(offsets, columns);
    const isDry = !execute && flags.export !== true;
    if (isDry && offsets.length > 0) say("Dry run: nothing was changed. Add --execute to do it.");
    const problems = [...plan.problems, ...done.problems];
    if (problems.length > 0) throw new FailedError(problems.join("\n"));
    if (offsets.length === 0) say("There is nothing to reset.");
  });
}

/** All that can be wrong with what was typed is found before a broker is asked. */
async function readRequest(flags: Flags): Promise<(groupIds: readonly string[]) => ResetRequest> {
  const { topic, allTopics, matchTopic, fromFile } = flags;
  const target = targetOf(flags, Date.now());
  if (target !== undefined) {
    if (matchTopic === undefined) return requestFor({ kind: "rule", scope: scopeOf(flags), target });
    if (topic !== undefined) throw new UsageError("--topic, --match-topic: expected only one of them");
    return requestFor({ kind: "rule", scope: { kind: "committed", isWanted: namePattern(matchTopic) }, target });
  }
  if ((topic ?? allTopics ?? matchTopic) !== undefined) {
    throw new UsageError("--from-file says itself which partitions: leave --topic, --all-topics and --match-topic out");
  }
  const file = fromFile!;
  const rows = parsePlan(await readPlan(file), file);
  return (groupIds) => ({ kind: "rows", rowsOf: rowsByGroup(rows, groupIds, file) });
}

function requestFor(request: ResetRequest): () => ResetRequest {
  return () => request;
}
