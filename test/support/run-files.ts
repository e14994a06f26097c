import { run } from "node:test";
import { spec } from "node:test/reporters";

/** Runs test files, which begin in this order, and prints how it goes. @returns the names of the tests that failed. */
export async function runFiles(files: string[], options: Parameters<typeof run>[0]): Promise<string[]> {
  const failures: string[] = [];
  const stream = run({ ...options, files });
  stream.on("test:fail", ({ name, details }) => {
    if (details.type !== "suite") failures.push(name);
  });
  stream.compose(new spec()).pipe(process.stdout);
  await new Promise((resolve) => stream.once("end", resolve));
  return failures;
}

/** Those that take long begin first, so that they end with the others. */
export function longestFirst(files: readonly string[], longest: readonly string[]): string[] {
  const rank = (file: string) => longest.findIndex((name) => file.includes(name)) >>> 0; // the others: after all
  return files.toSorted((a, b) => rank(a) - rank(b));
}
