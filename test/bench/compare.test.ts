/** What a user may type behind `npm run bench --`, and what of it is refused before a broker starts. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";

const program = join(import.meta.dirname, "../../scripts/bench.js");

function bench(...args: readonly string[]) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

/** @param says on stderr, before the hint at the help. */
async function isRefused(args: readonly string[], says: RegExp): Promise<void> {
  const { code, stdout, stderr } = await bench(...args);
  assert.deepEqual([code, stdout], [2, ""], args.join(" "));
  assert.match(stderr, says);
  assert.match(stderr, /\nTry --help\n$/);
}

test("some rows alone are not written: the page would lose its others", async () => {
  const args = ["--only", "produce-1k", "--minutes", "1", "--write"];
  await isRefused(args, /--write with --only produce-1k: expected one of the two/);
});

test("a run has some time", async () => {
  for (const minutes of ["0", "0.0", "-1", "x", "1m", ""]) {
    await isRefused(["--minutes", minutes], new RegExp(`--minutes ${minutes}: expected a number above 0\n`));
  }
});

test("part of a name that no row has is named", async () => {
  await isRefused(["--only", "produce-1k,zzz"], /--only produce-1k,zzz: no name has "zzz" in it; --list prints /);
  await isRefused(["--only", "a,zzz, yyy"], /no name has "zzz" or "yyy" in it/);
  await isRefused(["--only", "produce-1k,"], /no name has "" in it/);
});

test("the list has a name and its words in each line, and nothing else", async () => {
  const { stdout } = await bench("--list", "--only", "produce, latency");
  assert.deepEqual(stdout.split("\n"), [
    "produce-1k   produce 1 KB, acks=all, 4 partitions",
    "produce-100  produce 100 B, acks=all, 4 partitions",
    "latency      end to end at 1,000/s, p50, …",
    "",
  ]);
});

test("a file of no run is refused by its name", async () => {
  await isRefused(
    ["--resume", "/nowhere/x.json"],
    /bench: --resume \/nowhere\/x\.json: expected a folder that is there/,
  );
  await isRefused(
    ["--resume", "package.json"],
    /bench: --resume package\.json: expected what an earlier run kept there/,
  );
});

test("Ctrl-C waits for the benchmark to leave nothing behind, and begins no other", async () => {
  const child = spawn(process.execPath, [program, "compare", "log", "--only", "memory-idle"], { detached: true });
  let told = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      told += chunk;
      if (`${chunk}`.includes("rounds; all will take")) process.kill(-child.pid!, "SIGINT"); // as a terminal does
    });
  const [code] = await once(child, "close");
  assert.equal(code, 130);
  assert.match(told, /Interrupted: 0 of 1 rounds were measured; a run with --resume FILE keeps them\.\n$/);
  assert.doesNotMatch(told, /== log/);
});
