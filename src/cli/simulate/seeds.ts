/** Many seeds, one after the other. */
import { writeOut } from "../stdout.ts";
import { runWorld } from "./one-world.ts";

export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

/** @returns how many of them found something; each is told when it is found. */
export async function runSeeds({ from, to }: SeedRange, untilMs: number): Promise<number> {
  const startMs = performance.now();
  let failed = 0;
  let virtualMs = 0;
  let seed = from;
  for (; seed <= to && Date.now() < untilMs; seed++) {
    const outcome = await runWorld(seed);
    virtualMs += outcome.virtualMs;
    if (outcome.violation === undefined) continue;
    failed++;
    await writeOut(`seed ${seed}: ${outcome.violation.message}\n  regroup simulate --seed ${seed} --trace\n`);
  }
  const hours = (virtualMs / 3_600_000).toFixed(1);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  await writeOut(`seeds ${from}..${seed - 1}: ${hours} virtual hours in ${seconds} s, ${failed} found something\n`);
  return failed;
}
