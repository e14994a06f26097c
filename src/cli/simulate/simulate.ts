/** `regroup simulate` */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Plan } from "../../simulation/index.ts";
import { examples } from "../broker-command.ts";
import { FailedError } from "../errors.ts";
import { say } from "../messages.ts";
import { writeOut } from "../stdout.ts";
import { minimised, told } from "./one-world.ts";
import { type Progress, runSeeds, type SeedRange } from "./seeds.ts";
import { runOnAllCores, untilStopped } from "./workers.ts";

const mostJobs = 1024;

interface Flags {
  readonly seeds?: SeedRange;
  readonly seed?: number;
  readonly plan?: string;
  readonly trace?: boolean;
  readonly minimise?: boolean;
  readonly for?: number;
  readonly first?: number;
  readonly progress?: boolean;
  readonly jobs: number;
}

export function simulateCommand(): Command {
  const jobs = new Option("--jobs <n>", "processes that run seeds").argParser(jobCount).default(availableParallelism());
  return new Command("simulate")
    .description("Run the real broker and the real consumer coordinator through seeded worlds of faults.")
    .option("--seeds <from..to>", "run these seeds", range)
    .option("--seed <n>", "run one", whole)
    .option("--plan <file>", "run a world as --minimise printed it")
    .option("--trace", "tell the story of the world, line by line")
    .option("--minimise", "make a world that fails smaller, and print it")
    .option("--for <seconds>", "run one seed after the other for so long", whole)
    .option("--first <n>", "the seed that --for begins with (default: a random one, which is told)", whole)
    .addOption(jobs)
    .option("--progress", "say on stderr once a minute how far it is (default: where that is a terminal)")
    .addHelpText(
      "after",
      examples(
        "regroup simulate --seeds 1..1000",
        "regroup simulate --seed 78 --trace",
        "regroup simulate --seed 78 --minimise",
        "regroup simulate --for 3600",
      ),
    )
    .action(simulate);
}

async function simulate(flags: Flags): Promise<void> {
  const { seed, plan, jobs } = flags;
  if (plan !== undefined) return oneWorld(JSON.parse(readFileSync(plan, "utf8")) as Plan, flags);
  if (seed !== undefined) return oneWorld(seed, flags);
  const first = flags.first ?? Math.floor(Math.random() * 1_000_000_000);
  const seeds = flags.seeds ?? { from: first, to: first + 1_000_000_000 };
  const untilMs = flags.seeds === undefined ? Date.now() + (flags.for ?? 600) * 1000 : Number.POSITIVE_INFINITY;
  const stop = untilStopped();
  const run = { seeds, untilMs, stop, progress: progressFor(flags) };
  const failed = jobs <= 1 ? await runSeeds(run) : await runOnAllCores(run, jobs);
  if (stop.aborted) throw stop.reason;
  if (failed > 0) throw new FailedError(`simulate: ${failed} of the seeds found something`);
}

function progressFor({ progress = process.stderr.isTTY }: Flags): Progress | undefined {
  return progress ? { everyMs: 60_000, tell: say } : undefined;
}

async function oneWorld(which: number | Plan, { trace = false, minimise = false }: Flags): Promise<void> {
  if (minimise) return writeOut(`${JSON.stringify(await minimised(which), null, 2)}\n`);
  const { story, summary, violation } = await told(which, trace);
  await writeOut([...story, summary, ""].join("\n"));
  if (violation !== undefined) throw new FailedError(`simulate: ${violation}`);
}

function whole(text: string): number {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError(`Expected a whole number, at most ${Number.MAX_SAFE_INTEGER}.`);
}

function jobCount(text: string): number {
  const count = whole(text);
  if (count >= 1 && count <= mostJobs) return count;
  throw new InvalidArgumentError(`Expected a whole number, from 1 to ${mostJobs}.`);
}

function range(text: string): SeedRange {
  const [from, to] = (/^(\d+)\.\.(\d+)$/.exec(text) ?? []).slice(1).map(whole);
  if (from !== undefined && to !== undefined && from <= to) return { from, to };
  throw new InvalidArgumentError("Expected two numbers, the larger one last, as in 1..1000.");
}
