/** `regroup bench` */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { benchmarks, programOf } from "../../bench/benchmarks.ts";
import { examples } from "../broker-command.ts";
import { exitCodes, FailedError, UsageError } from "../errors.ts";
import { writeOut } from "../stdout.ts";

export function benchCommand(): Command {
  return new Command("bench")
    .description("List and run the benchmarks of the repository.")
    .argument("[name]", "none: list them")
    .argument("[options...]", "of the benchmark; --help behind its name tells them")
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText(
      "after",
      examples(
        "regroup bench",
        "regroup bench compare --against kafka",
        "regroup bench produce --bootstrap-server localhost:9092 --value-bytes 100 --acks 1",
        "regroup bench latency --help",
      ),
    )
    .action(bench);
}

async function bench(name: string | undefined, options: readonly string[]): Promise<void> {
  if (name === undefined) return writeOut(listed());
  if (!Object.hasOwn(benchmarks, name))
    throw new UsageError(`bench ${name}: expected one of ${Object.keys(benchmarks).join(", ")}`);
  const root = rootOfRepository();
  if (root === undefined) {
    throw new FailedError(
      "bench: the benchmarks come with the repository, not with the npm package: they measure against other clients\n" +
        "and against Java. In a checkout: npm run bench",
    );
  }
  const code = await run(root, ["--expose-gc", ...programOf(name), ...options]);
  if (code === exitCodes.usage || code > 128)
    process.exitCode = code; // it has told what was wrong, or a signal has ended it
  else if (code !== 0) throw new FailedError(`bench ${name}: ended with exit code ${code}`);
}

function listed(): string {
  const width = Math.max(...Object.keys(benchmarks).map((name) => name.length));
  const lines = Object.entries(benchmarks).map(([name, summary]) => `${name.padEnd(width)}  ${summary}\n`);
  return lines.join("");
}

/** Seen from the source, and from a bundle in dist/. */
function rootOfRepository(): string | undefined {
  const roots = [join(import.meta.dirname, "../../.."), join(import.meta.dirname, "..")];
  return roots.find((root) => existsSync(join(root, "src/bench/benchmarks.ts")));
}

/** On the Node that the repository pins, which runs TypeScript. @returns its exit code. */
async function run(root: string, args: readonly string[]): Promise<number> {
  const pinned = join(root, "node_modules/node/bin/node");
  const child = spawn(existsSync(pinned) ? pinned : process.execPath, args, { cwd: root, stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
}
