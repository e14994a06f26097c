/** The launcher in bin/ on a Node that is too old: it starts the one that the repository pins. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { launcher } from "./run-regroup.ts";

const old = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });`;

// A broker that is told to stop says so; SIGHUP it leaves to the system.
for (const [signal, exitCode] of [
  ["SIGTERM", 0],
  ["SIGINT", 0],
  ["SIGHUP", 129],
] as const) {
  test(`hands ${signal} on, and ends as the broker does`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "regroup-launcher-"));
    const preload = join(folder, "old.cjs");
    await writeFile(preload, old);
    const serve = ["serve", "--ephemeral", "-o", "listeners=PLAINTEXT://127.0.0.1:0"];
    const child = spawn(process.execPath, ["-r", preload, launcher, ...serve]);
    let told = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (told += chunk));
    while (!/listens on/.test(told)) await once(child.stdout, "data");
    child.kill(signal);
    const [code] = await once(child, "close"); // its output ends when the broker has ended, too
    assert.equal(code, exitCode);
    assert.equal(/"msg":"stopping"/.test(told), exitCode === 0, told);
    await rm(folder, { recursive: true });
  });
}
