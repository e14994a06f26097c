/** `regroup …`: reads the command line, runs what it names, and says by the exit code how it went. */
import { program } from "./program.ts";
import { reportError } from "./report-error.ts";
import { expectClosedPipes } from "./stdout.ts";

export async function main(args: readonly string[]): Promise<void> {
  expectClosedPipes();
  try {
    // "help topics create" is "topics create --help", at any depth.
    const call = args[0] === "help" ? [...args.slice(1), "--help"] : args;
    const end = call.findIndex((arg) => arg.startsWith("-"));
    const words = end === -1 ? call : call.slice(0, end);
    await (await program(words)).parseAsync(call, { from: "user" });
  } catch (error) {
    process.exitCode = reportError(error);
  }
}
