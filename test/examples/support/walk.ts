/**
 * Does what a README of `examples/` says, command by command, and compares what is printed with what stands there, so
 * that the two cannot drift apart. Commands in the nameless terminal end, those in the others go on.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../interop/support/until.ts";
import { type Step, stepsOf } from "./blocks.ts";
import { Pids, shape } from "./shape.ts";
import { type Printed, Terminal } from "./terminal.ts";

const examples = join(import.meta.dirname, "../../../examples");
/** `npm test -- --update`: what is printed is written into the READMEs; what else the others print must be known. */
const isUpdate = process.env.REGROUP_UPDATE === "1";

export interface WalkOptions {
  readonly bootstrapServer: string;
  /** What is typed and printed instead: the same walk with other programs. */
  readonly rewrite?: (line: string) => string;
  /** What more of a printed line need not be as it is written. */
  readonly blur?: (line: string) => string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Walked {
  readonly step: Step;
  readonly typedAtMs: number;
  /** What was printed, in the order of the README. */
  readonly lines: readonly Printed[];
}

/** Walks through a folder of `examples/`. @throws when something else is printed than its README says. */
export function walk(flow: string, options: WalkOptions): Promise<Walked[]> {
  return walkThrough(join(examples, flow, "README.md"), options);
}

/** @throws when something else is printed than the page says. */
export async function walkThrough(file: string, options: WalkOptions): Promise<Walked[]> {
  const readme = readFileSync(file, "utf8");
  const steps = stepsOf(readme);
  assert.ok(steps.length > 0, `nothing is typed in ${file}`);
  const terminals = new Map(steps.map(({ terminal }) => [terminal, new Terminal()]));
  const pids = new Pids();
  const walked: Walked[] = [];
  try {
    for (const step of steps) {
      const where = `${file}:${step.line} in terminal "${step.terminal}"`;
      const terminal = terminals.get(step.terminal)!;
      const typedAtMs = Date.now();
      await act(step, terminal, pids, where, options);
      walked.push({ step, typedAtMs, lines: await read(step, terminal, pids, where, options) });
    }
    if (isUpdate && options.rewrite === undefined) writeFileSync(file, withPrinted(readme, walked, pids));
    for (const [name, terminal] of terminals) nothingMore(terminal, `${file}, terminal "${name}"`);
    return walked;
  } finally {
    await Promise.all([...terminals.values()].map((terminal) => terminal.press("SIGKILL")));
  }
}

async function act(step: Step, terminal: Terminal, pids: Pids, where: string, options: WalkOptions): Promise<void> {
  const { typed } = step;
  if (typed === undefined) return;
  if (typed === "^C") return terminal.press("SIGINT");
  await terminal.ended();
  nothingMore(terminal, where);
  const { bootstrapServer, env, rewrite = same } = options;
  terminal.type(pids.in(rewrite(typed.command)), examples, { ...env, REGROUP_BOOTSTRAP_SERVERS: bootstrapServer });
}

/** Awaits the lines that the README names. @returns them in its order. */
async function read(step: Step, terminal: Terminal, pids: Pids, where: string, options: WalkOptions) {
  const { rewrite = same, blur = same } = options;
  const written = step.printed.map(rewrite);
  const isAlike = (line: string, other: string) => blur(shape(line)) === blur(shape(other));
  const found: (Printed | undefined)[] = written.map(() => undefined);
  const isAllThere = () => {
    for (const [index, line] of written.entries()) found[index] ??= take(line, terminal, pids, isAlike);
    return !found.includes(undefined);
  };
  const difference = () => {
    const missing = written.filter((_, index) => found[index] === undefined);
    return [...missing.map((line) => `- ${line}`), ...terminal.unread.map(({ text }) => `+ ${text}`)].join("\n");
  };
  if (step.terminal === "") await terminal.ended();
  if (step.terminal === "" && isUpdate) return terminal.unread.splice(0);
  await until(where, () => isAllThere() || !terminal.isBusy, { timeoutMs: 60_000, describe: difference });
  assert.ok(isAllThere(), `${where}: what the README says (-) and what is printed (+)\n${difference()}`);
  if (step.isCut) terminal.unread.length = 0;
  else if (!terminal.isBusy) nothingMore(terminal, where);
  return found as Printed[];
}

/** Takes a line that looks as it is written from what was printed. */
function take(
  written: string,
  terminal: Terminal,
  pids: Pids,
  isAlike: (line: string, other: string) => boolean,
): Printed | undefined {
  const at = terminal.unread.findIndex(({ text }) => isAlike(text, written));
  if (at === -1) return undefined;
  const [found] = terminal.unread.splice(at, 1);
  pids.learn(written, found!.text);
  return found;
}

function nothingMore(terminal: Terminal, where: string): void {
  assert.deepEqual(
    terminal.unread.map(({ text }) => text).filter((text) => text !== ""),
    [],
    `${where}: the README does not say that this is printed`,
  );
}

/** The README with what was printed this time, and with this time's process ids. */
function withPrinted(readme: string, walked: readonly Walked[], pids: Pids): string {
  const lines = readme.split("\n");
  for (const { step, lines: printed } of walked.toReversed()) {
    const { typed, line } = step;
    const start = typed === undefined ? line - 1 : line;
    const end = lines.findIndex((text, index) => index >= start && /^(\$ |\^C|```)/.test(text));
    lines.splice(start, end - start, ...printed.map(({ text }) => text.trimEnd()));
    if (typeof typed === "object") lines[line - 1] = `$ ${pids.in(typed.command)}`;
  }
  return lines.join("\n");
}

function same(line: string): string {
  return line;
}
