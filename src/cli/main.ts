/** `regroup …`: reads the command line, runs what it names, and says by the exit code how it went. */
import { program } from "./program.ts";
import { reportError } from "./report-error.ts";
import { expectClosedPipes } from "./stdout.ts";

export async function main(args: readonly string[]): Promise<void> {
  expectClosedPipes();
  try {
    const end = args.findIndex((arg) => arg.startsWith("-"));
    const words = end === -1 ? args : args.slice(0, end);
    await (await program(words)).parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = reportError(error);
  }
}
