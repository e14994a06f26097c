import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { Command } from "commander";
import { program } from "../../src/cli/program.ts";
import { reportError } from "../../src/cli/report-error.ts";
import { startTestBroker } from "../client/broker.ts";
import { ended, launcher, on } from "./run-regroup.ts";

const bootstrapServers = await startTestBroker();
const run = on(bootstrapServers);

const pathOf = (command: Command): string[] =>
  command.parent === null ? [] : [...pathOf(command.parent), command.name()];
const inner = (command: Command, name: string) => command.commands.find((each) => each.name() === name)!;
const leavesOf = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
const leaves = leavesOf(await program("all"));

test("every command tells in its help what it does, with examples", async () => {
  const shown = await run(0, [...pathOf(leaves[0]!), "--help"]);
  assert.deepEqual(shown, { code: 0, stdout: await helpOf(leaves[0]!), stderr: "" }); // and so are the others
  for (const command of leaves) {
    const help = await helpOf(command);
    assert.ok(help.replaceAll(/\s+/g, " ").includes(command.description()), help);
    assert.match(help, /\nExamples:\n {2}.*regroup /, pathOf(command).join(" "));
  }
});

/** What `--help` prints, without a process of its own. */
async function helpOf(command: Command): Promise<string> {
  const path = pathOf(command);
  const own = path.reduce(inner, await program(path));
  const text: string[] = [];
  own.configureOutput({ writeOut: (part) => void text.push(part), getOutHasColors: () => false });
  await assert.rejects(own.parseAsync(["--help"], { from: "user" }), { exitCode: 0 });
  return text.join("");
}

test("help may stand in front, and reaches any command", async () => {
  const [asked, told] = [await run(0, ["topics", "create", "--help"]), await run(0, ["help", "topics", "create"])];
  assert.equal(told.stdout, asked.stdout);
  assert.match((await run(0, ["help"])).stdout, /^Usage: regroup \[options\] \[command\]/);
});

test("a command is described in its group by the words that it has itself", async () => {
  for (const command of leaves) {
    const path = pathOf(command);
    const parent = path.slice(0, -1).reduce((found, name) => inner(found, name), await program(path.slice(0, -1)));
    assert.equal(inner(parent, path.at(-1)!).description(), command.description(), path.join(" "));
  }
});

test("a call loads what it needs, and neither the broker nor the other clients", async () => {
  const hook = new URL("loaded-modules.ts", import.meta.url).href;
  const source = new URL("../../src/cli/main.ts", import.meta.url).href; // also where there is a dist/
  const script = `import { main } from "${source}"; await main(process.argv.slice(1));`;
  const env = { ...process.env, REGROUP_BOOTSTRAP_SERVERS: bootstrapServers };
  const loadedBy = async (...args: string[]) => {
    const child = spawn(process.execPath, ["--import", hook, "--input-type=module", "-e", script, ...args], { env });
    const [, told] = await Promise.all([ended(child), text(child.stderr)]);
    return told.split("\n").filter(Boolean);
  };
  const listed = await loadedBy("topics", "list");
  const tooMuch =
    /src\/(server|group|log|simulation|broker\/handlers)\/|producer\/producer|consumer\/consumer|pino|re2js|yaml/;
  assert.deepEqual(
    listed.filter((url) => tooMuch.test(url)),
    [],
  );
  assert.ok(listed.some((url) => url.endsWith("src/cli/topics/list.ts")));
  const helped = await loadedBy("topics", "describe", "--help");
  assert.deepEqual(
    helped.filter((url) => /src\/(client\/(?!topic-partition)|protocol\/)/.test(url)),
    [],
  );
});

test("a stdout that takes nothing fails, and one that is closed ends quietly", async () => {
  const shell = async (command: string) => {
    const env = { ...process.env, REGROUP_BOOTSTRAP_SERVERS: bootstrapServers };
    const program = `"${process.execPath}" "${launcher}" topics list -o json`;
    const child = spawn("bash", ["-c", `set -o pipefail; ${program} ${command}`], { env });
    return Promise.all([ended(child), text(child.stderr)]);
  };
  assert.deepEqual(await shell("> /dev/full"), [1, "regroup: stdout: ENOSPC: no space left on device, write\n"]);
  assert.deepEqual(await shell("| true"), [0, ""]);
});

test("the version is that of the package", async () => {
  const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  assert.equal((await run(0, ["--version"])).stdout, `${version}\n`);
});

test("what is mistyped is answered with the nearest, and with where help is", async () => {
  assert.match(
    (await run(2, ["topics", "lisst"])).stderr,
    /^regroup: unknown command 'lisst'\n\(Did you mean list\?\)\nTry: /,
  );
  assert.match(
    (await run(2, ["topics", "list", "--mach", "x"])).stderr,
    /Did you mean --match\?\)\nTry: regroup topics list/,
  );
});

test("the benchmarks are listed, run, and passed their options", async () => {
  assert.match((await run(0, ["bench"])).stdout, /^assignment +what the assignors cost/m);
  assert.match((await run(0, ["bench", "assignment", "--only", "no such row"])).stdout, /^CPU milliseconds/);
  assert.match((await run(2, ["bench", "nothing"])).stderr, /^regroup: bench nothing: expected one of compare, /);
  const short = ["--seconds", "0.1", "--warm-up-seconds", "0", "--acks", "all", "--bootstrap-server", bootstrapServers];
  assert.match((await run(0, ["bench", "produce", ...short])).stdout, /records\/s/);
  assert.match((await run(0, ["bench", "produce", "--help"])).stdout, /^ {2}--acks <number> +default: all$/m);
  assert.match((await run(2, ["bench", "produce", "--nothing"])).stderr, /^bench: Unknown option '--nothing'$/m);
  const wrong = await run(2, ["bench", "commits", "--groups", "x"]);
  assert.match(wrong.stderr, /^bench: --groups x: expected a whole number above 0$/m);
  assert.match((await run(0, ["bench", "compare", "--help"])).stdout, /^regroup beside Apache Kafka/);
});

test("what nobody foresaw is told with its stack, as a defect, and fails", () => {
  const told: string[] = [];
  const { write } = process.stderr;
  process.stderr.write = ((text: string) => told.push(text) > 0) as typeof write;
  try {
    assert.equal(reportError(new TypeError("x is undefined")), 1);
  } finally {
    process.stderr.write = write;
  }
  assert.match(told.join(""), /^regroup: a defect of regroup itself.*\nTypeError: x is undefined\n +at /);
});
