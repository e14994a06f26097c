/**
 * How long calls of the command line take against a local broker, beside Node's own start: from source, and bundled as
 * npm installs it. Medians of calls after the first, for which Node compiles.
 *
 *     node src/bench/command-line.ts [--rounds 15]
 */
import { spawn, spawnSync } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { numberOf, readFlags } from "./flags.ts";
import { median } from "./median.ts";
import { startBroker } from "./start-broker.ts";

const root = join(import.meta.dirname, "../..");
const rounds = numberOf("rounds", readFlags({ rounds: { type: "string", default: "15" } }).rounds);

const calls = [["--version"], ["topics", "list"], ["topics", "describe", "orders"], ["groups", "describe", "billing"]];

/** The package as npm lays it out, over this checkout's dependencies. */
async function packaged(folder: string): Promise<string> {
  spawnSync(process.execPath, ["scripts/build.js", join(folder, "dist")], { cwd: root, stdio: "inherit" });
  for (const part of ["bin", "package.json"]) await cp(join(root, part), join(folder, part), { recursive: true });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return join(folder, "bin/regroup.js");
}

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Has a program say at its end, on stderr, what it took of the processor. */
const tellsCpu = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => { const { user, system } = process.cpuUsage(); process._rawDebug(user + system); });",
)}`;

/** @throws when the call fails. */
async function costOf(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Cost> {
  const startMs = performance.now();
  const child = spawn(process.execPath, ["--import", tellsCpu, ...args], { env, stdio: ["ignore", "ignore", "pipe"] });
  const [code, told] = await Promise.all([new Promise((resolve) => child.on("close", resolve)), text(child.stderr)]);
  const wallMs = performance.now() - startMs;
  const microseconds = /^(\d+)\n$/m.exec(told)?.[1];
  if (code !== 0 || microseconds === undefined) throw new Error(`${args.join(" ")} ended with ${code}: ${told}`);
  return { wallMs, cpuMs: Number(microseconds) / 1000 };
}

async function measured(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Cost> {
  const costs: Cost[] = [];
  await costOf(args, env); // compiles
  for (let round = 0; round < rounds; round++) costs.push(await costOf(args, env));
  return { wallMs: median(costs.map((cost) => cost.wallMs)), cpuMs: median(costs.map((cost) => cost.cpuMs)) };
}

const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
const broker = await startBroker(["--ephemeral", "-o", "group.initial.rebalance.delay.ms=0"]);
const env = { ...process.env, REGROUP_BOOTSTRAP_SERVERS: `127.0.0.1:${broker.port}` };
try {
  await writeFile(join(folder, "nothing.js"), "");
  const programs = {
    Node: join(folder, "nothing.js"),
    source: join(root, "bin/regroup.js"),
    npm: await packaged(folder),
  };
  await costOf([programs.npm, "topics", "create", "orders", "-p", "6"], env);
  await costOf([programs.npm, "consume", "orders", "-g", "billing", "--from-beginning", "--until-end"], env);
  const row = (call: string, from: string, { wallMs, cpuMs }: Cost) => {
    console.log(`${call.padEnd(26)}${from.padEnd(8)}${wallMs.toFixed(0).padStart(8)}${cpuMs.toFixed(0).padStart(8)}`);
  };
  console.log(`${"medians".padEnd(26)}${"run".padEnd(8)}${"ms".padStart(8)}${"CPU ms".padStart(8)}`);
  row("an empty program", "", await measured([programs.Node], env));
  for (const call of calls) {
    for (const from of ["npm", "source"] as const) {
      row(call.join(" "), from, await measured([programs[from], ...call], env));
    }
  }
} finally {
  broker.process.kill();
  await rm(folder, { recursive: true });
}
