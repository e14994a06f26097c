/** Many seeds, one after the other. */
import { writeOut } from "../stdout.ts";
import { runWorld } from "./one-world.ts";

export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

export interface SeedRun {
  readonly seeds: SeedRange;
  /** No world is begun after this time. */
  readonly untilMs: number;
  /** Nor when somebody has ended it; what was found so far is told then, too. */
  readonly stop: AbortSignal;
  /** Hears where it begins, and from time to time how far it is; undefined: nobody wants to know. */
  readonly progress: Progress | undefined;
}

export interface Progress {
  readonly everyMs: number;
  tell(line: string): void;
}

/** @returns how many of them found something; each is told when it is found. */
export async function runSeeds({ seeds: { from, to }, untilMs, stop, progress }: SeedRun): Promise<number> {
  const startMs = performance.now();
  let toldMs = startMs;
  let failed = 0;
  let virtualMs = 0;
  let seed = from;
  const soFar = () => {
    const hours = (virtualMs / 3_600_000).toFixed(1);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    const which = seed > from ? `seeds ${from}..${seed - 1}` : `no seed from ${from} on`;
    return `${which}: ${hours} virtual hours in ${seconds} s, ${failed} found something`;
  };
  progress?.tell(`seeds from ${from} on`);
  for (; seed <= to && Date.now() < untilMs && !stop.aborted; seed++) {
    if (progress !== undefined && performance.now() - toldMs >= progress.everyMs) {
      toldMs = performance.now();
      progress.tell(soFar());
    }
    const outcome = await runWorld(seed);
    virtualMs += outcome.virtualMs;
    if (outcome.violation === undefined) continue;
    failed++;
    await writeOut(`seed ${seed}: ${outcome.violation.message}\n  regroup simulate --seed ${seed} --trace\n`);
  }
  await writeOut(`${soFar()}\n`);
  return failed;
}
