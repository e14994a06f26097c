/** node first-finding.ts <seeds>: the first of so many seeds that finds something, as JSON; null when none does. */
import { run } from "./support.ts";

const seeds = Number(process.argv[2]);
let found: { readonly seed: number; readonly invariant: string } | null = null;
for (let seed = 1; seed <= seeds && found === null; seed++) {
  try {
    const { violation } = await run(seed);
    if (violation !== undefined) found = { seed, invariant: violation.invariant };
  } catch (error) {
    found = { seed, invariant: `the broker throws: ${(error as Error).message}` };
  }
}
process.stdout.write(JSON.stringify(found));
