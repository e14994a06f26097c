/** What stands behind the name of a benchmark on its command line. */
import { readFileSync } from "node:fs";
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** Reads options; `--help` prints the comment at the head of the program's file, an option that it lacks ends it. */
export function readFlags<const T extends ParseArgsOptionsConfig>(options: T, args = process.argv.slice(2)) {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(headOf(process.argv[1]!));
    process.exit(0);
  }
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    refuse((error as Error).message);
  }
}

/** Ends the program: it was called in a way that it does not know. */
export function refuse(message: string): never {
  process.stderr.write(`bench: ${message}\nTry --help\n`);
  process.exit(2);
}

/** @returns a number of at least 0. */
export function numberOf(flag: string, text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) refuse(`--${flag} ${text}: expected a number`);
  return Number(text);
}

/** The comment that a file begins with, as text. */
export function headOf(file: string): string {
  const comment = /^\/\*\*\n?([\s\S]*?)\*\//.exec(readFileSync(file, "utf8"))?.[1] ?? "";
  return `${comment.replace(/^ ?\* ?/gm, "").trim()}\n`;
}
