import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { Kafka } from "../../src/client/kafka.ts";
import { startTestBroker, unique } from "../client/broker.ts";
import { on } from "./run-regroup.ts";
import { shellEnvironment } from "./shell-folder.ts";

const bootstrapServers = await startTestBroker();
const run = on(bootstrapServers);
const topic = unique("orders");
await run(0, ["topics", "create", topic]);
const [group, other] = [unique("billing"), unique("billing")];
for (const each of [group, other]) await run(0, ["consume", topic, "-g", each, "--from-beginning", "--until-end"]);

const env = await shellEnvironment(bootstrapServers);
const script = (await run(0, ["completion", "bash"])).stdout;

/** What a bash that has loaded the completion would offer behind this line. */
async function offered(line: string): Promise<string[]> {
  const ask = `${script}
COMP_LINE=$1 COMP_POINT=\${#1} COMP_CWORD=$2
_regroup regroup "" ""
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return new Promise((resolve, reject) => {
    execFile("bash", ["-c", ask, "bash", line], { env }, (error, stdout) => {
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

test("bash completes words of which an option takes several", async () => {
  assert.deepEqual(await offered("regroup transactions list --state Prepare"), [
    "PrepareCommit",
    "PrepareAbort",
    "PrepareEpochFence",
  ]);
  assert.equal((await offered("regroup transactions list --state ")).length, 8);
  assert.deepEqual(await offered("regroup transactions list --state Ongoing,D"), ["Ongoing,Dead"]);
  assert.deepEqual(await offered("regroup transactions list --state Dead,D"), []);
  assert.deepEqual(await offered("regroup groups list --type c"), ["classic", "consumer"]);
});

test("bash completes topics and groups that the broker has, by the connection that stands on the line", async () => {
  assert.deepEqual(await offered("regroup topics describe or"), [topic]);
  assert.deepEqual(await offered(`regroup topics describe ${topic} or`), []);
  assert.deepEqual(await offered(`regroup consume ${topic} --group ${group}`), [group]);
  assert.deepEqual((await offered("regroup groups describe bil")).toSorted(), [group, other].toSorted());
  assert.deepEqual(await offered("regroup topics describe -b 127.0.0.1:1 or"), []);
});

test("bash completes transactional ids", async () => {
  const transactionalId = unique("transfers");
  await using producer = new Kafka({ bootstrapServers }).producer({ transactionalId });
  await producer.initTransactions();
  assert.deepEqual(await offered("regroup transactions describe tra"), [transactionalId]);
});

test("zsh and fish get scripts of their own, other shells none", async () => {
  const [zsh, fish] = [await run(0, ["completion", "zsh"]), await run(0, ["completion", "fish"])];
  assert.match(zsh.stdout, /^#compdef regroup\n.*complete -- /s);
  assert.match(fish.stdout, /complete -- .*\ncomplete -c regroup /s);
  await run(2, ["completion", "tcsh"]);
  await run(2, ["completion"]);
});

test("files are the shell's own business", async () => {
  assert.equal((await run(0, ["complete", "--", "topics", "list", "--config", "x"])).stdout, ":files\n");
});
