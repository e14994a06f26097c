/** What stands behind the name of a benchmark, or of a suite of tests with a command of its own. */
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** Reads options; `--help` prints the comment at the head of the program's file, an option that it lacks ends it. */
export function readFlags<const T extends ParseArgsOptionsConfig>(options: T, args = process.argv.slice(2)) {
  return read({ args, options, allowPositionals: false }).values;
}

/** As `readFlags`, where words may stand among the options. */
export function readCommandLine<const T extends ParseArgsOptionsConfig>(options: T) {
  return read({ args: process.argv.slice(2), options, allowPositionals: true });
}

function read<const T extends ParseArgsConfig & { readonly args: string[] }>(config: T) {
  const { args } = config;
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(headOf(process.argv[1]!));
    process.exit(0);
  }
  try {
    return parseArgs({ ...config, args: negativesJoined(args) });
  } catch (error) {
    refuse((error as Error).message);
  }
}

/** `--minutes -1` as `--minutes=-1`: who reads the value says what was expected; Node says that it is ambiguous. */
function negativesJoined(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const option = joined.at(-1);
    if (/^-\d/.test(arg) && option !== undefined && /^--[^=]+$/.test(option)) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

/** Ends the program: it was called in a way that it does not know. */
export function refuse(message: string): never {
  process.stderr.write(`${basename(dirname(process.argv[1]!))}: ${message}\nTry --help\n`);
  process.exit(2);
}

/** @returns a number of at least 0. */
export function numberOf(flag: string, text: string): number {
  const expected = text.startsWith("-") ? "a number of at least 0" : "a number";
  if (!/^\d+(\.\d+)?$/.test(text)) refuse(`--${flag} ${text}: expected ${expected}`);
  return Number(text);
}

/** @returns a number above 0. */
export function positiveOf(flag: string, text: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  return number > 0 ? number : refuse(`--${flag} ${text}: expected a number above 0`);
}

/** @returns one of the words. */
export function oneOf<const Word extends string>(flag: string, text: string | undefined, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  return found ?? refuse(`--${flag}${text === undefined ? "" : ` ${text}`}: expected ${words.join(" or ")}`);
}

/** The comment that a file begins with, as text. */
export function headOf(file: string): string {
  const comment = /^\/\*\*\n?([\s\S]*?)\*\//.exec(readFileSync(file, "utf8"))?.[1] ?? "";
  return `${comment.replace(/^ ?\* ?/gm, "").trim()}\n`;
}
