/** `regroup …` as its users run it: the real program, as a process. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export const launcher = fileURLToPath(new URL("../../bin/regroup.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Nothing of whoever runs the tests is seen. */
const quiet = { NO_COLOR: "", FORCE_COLOR: "", REGROUP_PROFILE: undefined, REGROUP_BOOTSTRAP_SERVERS: undefined };

/** What hangs is ended, and fails by its exit code. */
const longestMs = 60_000;

export function start(args: readonly string[], { environment = {} }: RunOptions = {}) {
  const env = { ...process.env, ...quiet, ...environment };
  return spawn(process.execPath, [launcher, ...args], { env, timeout: longestMs });
}

/** @returns what came until the pattern was in it. */
export async function heard(stream: Readable, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (pattern.test(text)) return text;
  }
  throw new Error(`ended without ${pattern}: ${text}`);
}

/** @returns the exit code. */
export function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  if (signal !== undefined) child.kill(signal);
  return code;
}

/** Runs it to its end. */
export async function regroup(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = start(args, options);
  child.stdin.on("error", () => undefined); // it may end before it has read all
  child.stdin.end(options.stdin ?? "");
  const [code, stdout, stderr] = await Promise.all([ended(child), text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** On one broker. @returns what `regroup` gives, but throws with what it said when the exit code is another. */
export function on(bootstrapServers: string) {
  const environment = { REGROUP_BOOTSTRAP_SERVERS: bootstrapServers };
  return async (expectedCode: number, args: readonly string[], stdin: string | Uint8Array = ""): Promise<Ended> => {
    const ended = await regroup(args, { stdin, environment });
    if (ended.code === expectedCode) return ended;
    throw new Error(`regroup ${args.join(" ")}: exit code ${ended.code}\n${ended.stdout}${ended.stderr}`);
  };
}
