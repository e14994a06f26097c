/** A load that is told to end, and one whose program is killed, leave nobody behind. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive } from "../../src/bench/load/process.ts";
import { until } from "../interop/support/until.ts";
import { anyPort, withBroker, withFolder } from "../server/running.ts";

const program = join(import.meta.dirname, "../../src/bench/load.ts");
const commandLine = join(import.meta.dirname, "../../bin/regroup.js");

/** Once there are so many. */
async function childrenOf({ pid }: Pick<ChildProcess, "pid">, count: number): Promise<number[]> {
  return until(`${count} children`, async () => {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, "latin1");
    const pids = text.split(" ").filter(Boolean).map(Number);
    return pids.length === count ? pids : undefined;
  });
}

/** Who has not ended within 10 s is ended here. */
async function stillAlive(pids: readonly number[]): Promise<number[]> {
  await until("all have ended", () => !pids.some(isAlive), { timeoutMs: 10_000 }).catch(() => undefined);
  const left = pids.filter(isAlive);
  for (const pid of left) process.kill(pid, "SIGKILL");
  return left;
}

function begin(folder: string, ...args: readonly string[]): ChildProcess {
  const env = { ...process.env, TMPDIR: folder };
  return spawn(process.execPath, [program, "produce", "--seconds", "60", ...args], { stdio: "ignore", env });
}

for (const [signal, exitCode] of [
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  test(`${signal} ends the load, the broker that was started for it, and its folder`, () =>
    withFolder(async (folder) => {
      const child = begin(folder);
      const pids = await childrenOf(child, 2);
      const ended = once(child, "exit");
      child.kill(signal);
      assert.deepEqual((await ended)[0], exitCode);
      assert.deepEqual(await stillAlive(pids), []);
      const left = await readdir(folder);
      assert.ok(!left.some((name) => name.startsWith("regroup-bench-")), `${left}`);
    }));
}

test("SIGTERM ends what `regroup bench` has started, though it is told to the command alone", () =>
  withFolder(async (folder) => {
    const env = { ...process.env, TMPDIR: folder };
    const args = [commandLine, "bench", "produce", "--seconds", "60"];
    const child = spawn(process.execPath, args, { stdio: "ignore", env });
    const [pid] = await childrenOf(child, 1);
    const pids = [pid!, ...(await childrenOf({ pid: pid! }, 2))];
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    assert.deepEqual((await ended)[0], 143);
    assert.deepEqual(await stillAlive(pids), []);
  }));

test("a load ends when the program that began it is killed", () =>
  withFolder((folder) =>
    withBroker(["--ephemeral", ...anyPort], async (broker) => {
      const child = begin(folder, "--bootstrap-server", `127.0.0.1:${await broker.port()}`);
      const pids = await childrenOf(child, 1);
      child.kill("SIGKILL");
      assert.deepEqual(await stillAlive(pids), []);
    }),
  ));
