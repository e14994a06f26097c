import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startTestBroker, unique } from "../client/broker.ts";
import { launcher, on } from "./run-regroup.ts";

const bootstrapServers = await startTestBroker();
const run = on(bootstrapServers);
const topic = unique("orders");
await run(0, ["topics", "create", topic]);
const [group, other] = [unique("billing"), unique("billing")];
for (const each of [group, other]) await run(0, ["consume", topic, "-g", each, "--from-beginning", "--until-end"]);

const folder = await mkdtemp(join(tmpdir(), "regroup-completion-"));
after(() => rm(folder, { recursive: true }));
await writeFile(join(folder, "regroup"), `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`);
await chmod(join(folder, "regroup"), 0o755);
const script = (await run(0, ["completion", "bash"])).stdout;

/** What a bash that has loaded the completion would offer behind this line. */
async function offered(line: string): Promise<string[]> {
  const ask = `${script}
COMP_LINE=$1 COMP_POINT=\${#1} COMP_CWORD=$2
_regroup regroup "" ""
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { PATH } = process.env;
  const env = { ...process.env, PATH: `${folder}:${PATH}`, REGROUP_BOOTSTRAP_SERVERS: bootstrapServers };
  return new Promise((resolve, reject) => {
    execFile("bash", ["-c", ask, "bash", line], { cwd: folder, env }, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout.split("\n").filter(Boolean));
    });
  });
}

test("bash completes commands, and those within them", async () => {
  assert.ok((await offered("regroup ")).includes("topics"));
  assert.deepEqual(await offered("regroup top"), ["topics"]);
  assert.deepEqual(await offered("regroup topics de"), ["describe", "delete"]);
  assert.deepEqual(await offered("regroup groups reset"), ["reset-offsets"]);
  assert.deepEqual(await offered("regroup nonsense "), []);
});

test("bash completes options and the words they take", async () => {
  assert.deepEqual(await offered("regroup topics create x --rep"), ["--replication-factor", "--replicas"]);
  assert.deepEqual(await offered("regroup topics list -o "), ["table", "json", "yaml", "csv"]);
  assert.deepEqual(await offered("regroup topics list --output y"), ["yaml"]);
  assert.deepEqual(await offered("regroup completion f"), ["fish"]);
});

test("bash completes topics and groups that the broker has, by the connection that stands on the line", async () => {
  assert.deepEqual(await offered("regroup topics describe or"), [topic]);
  assert.deepEqual(await offered(`regroup topics describe ${topic} or`), []);
  assert.deepEqual(await offered(`regroup consume ${topic} --group ${group}`), [group]);
  assert.deepEqual((await offered("regroup groups describe bil")).toSorted(), [group, other].toSorted());
  assert.deepEqual(await offered("regroup topics describe -b 127.0.0.1:1 or"), []);
});

test("zsh and fish get a script that asks the same command", async () => {
  for (const shell of ["zsh", "fish"]) {
    const { stdout } = await run(0, ["completion", shell]);
    assert.match(stdout, /complete -- /);
    const check = spawnSync(shell, ["-n"], { input: stdout });
    if (check.error === undefined) assert.equal(check.status, 0, String(check.stderr)); // where the shell is there
  }
  await run(2, ["completion", "tcsh"]);
  await run(2, ["completion"]);
});

test("files are the shell's own business", async () => {
  assert.equal((await run(0, ["complete", "--", "topics", "list", "--config", "x"])).stdout, ":files\n");
});
