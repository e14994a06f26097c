/** `npm pack`, installed into an empty project: the command runs, a broker serves, ESM and CommonJS both load it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { globSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { Kafka, logLevel } from "kafkajs";
import { run } from "../interop/support/tools.ts";
import { projectWithRegroup } from "./pack.ts";

let project: string;
let regroup: string;
before(async () => {
  project = await projectWithRegroup();
  regroup = join(project, "node_modules/.bin/regroup");
});
after(() => rm(dirname(project), { recursive: true, force: true }));

test("the installed command tells its version", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  assert.equal((await run(regroup, ["--version"])).stdout.trim(), version);
});

for (const [entry, some] of [
  ["regroup", /Kafka.*createBroker.*startServer/],
  ["regroup/broker", /^BrokerConfig.*createBroker/],
  ["regroup/client", /Kafka,KafkaError/],
  ["regroup/testing", /AwaitTimeoutError.*startBroker/],
] as const) {
  test(`an ES module and a CommonJS module find the same exports in ${entry}`, async () => {
    const print = "console.log(Object.keys(regroup).sort().join());";
    await writeFile(join(project, "esm.mjs"), `import * as regroup from "${entry}"; ${print}`);
    await writeFile(join(project, "commonjs.cjs"), `const regroup = require("${entry}"); ${print}`);
    const esm = await run(process.execPath, [join(project, "esm.mjs")]);
    const commonjs = await run(process.execPath, [join(project, "commonjs.cjs")]);
    assert.match(esm.stdout, some);
    assert.equal(commonjs.stdout, esm.stdout);
  });
}

test("an error is of the same class whichever entry it comes from", async () => {
  const same = "console.log(whole.KafkaError === part.KafkaError);";
  await writeFile(
    join(project, "same.mjs"),
    `import * as whole from "regroup"; import * as part from "regroup/client"; ${same}`,
  );
  await writeFile(
    join(project, "same.cjs"),
    `const whole = require("regroup"), part = require("regroup/client"); ${same}`,
  );
  for (const file of ["same.mjs", "same.cjs"]) {
    assert.equal((await run(process.execPath, [join(project, file)])).stdout, "true\n");
  }
});

test("a broker started from the package serves a consumer group", async (t) => {
  const child = spawn(regroup, ["serve", "--ephemeral", "-o", "listeners=PLAINTEXT://127.0.0.1:0"]);
  t.after(() => child.kill("SIGKILL"));
  const port = await listeningPort(child.stdout, child.stderr);

  const kafka = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING });
  const [producer, consumer] = [kafka.producer(), kafka.consumer({ groupId: "g" })];
  await Promise.all([producer.connect(), consumer.connect()]);
  await producer.send({ topic: "t", messages: [{ value: "hello" }] });
  await consumer.subscribe({ topics: ["t"], fromBeginning: true });
  const got = await new Promise<string>((resolve, reject) => {
    consumer.run({ eachMessage: async ({ message }) => resolve(String(message.value)) }).catch(reject);
  });
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
  assert.equal(got, "hello");

  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  assert.equal(await ended, 0);
});

test("the installed commands talk to a broker, and say which of them stay in the repository", async (t) => {
  const child = spawn(regroup, ["serve", "--ephemeral", "-o", "listeners=PLAINTEXT://127.0.0.1:0"]);
  t.after(() => child.kill("SIGKILL"));
  const broker = ["-b", `127.0.0.1:${await listeningPort(child.stdout, child.stderr)}`];
  await run(regroup, ["topics", "create", "orders", "-p", "2", ...broker]);
  await run(regroup, ["produce", "orders", "hello", "--compression", "lz4", ...broker]);
  const read = await run(regroup, ["consume", "orders", "--from-beginning", "--until-end", ...broker]);
  assert.equal(read.stdout, "hello\n");
  const listed = await run(regroup, ["topics", "list", "-o", "yaml", ...broker]);
  assert.equal(listed.stdout, "- topic: orders\n  partitions: 2\n  replicationFactor: 1\n");
  assert.equal(listed.stderr, "");
  await run(regroup, ["groups", "list", ...broker]);
  await assert.rejects(run(regroup, ["bench", "log"]), /the benchmarks come with the repository/);
});

/** What is kept of compiled code for the command, by name, with what tells one writing of the file from the next. */
function keptIn(folder: string, command: string) {
  const names = globSync(`*/regroup-*-${command}`, { cwd: folder });
  return names.map((name) => ({ path: join(folder, name), ino: statSync(join(folder, name)).ino }));
}

test("compiled code is kept for each command, used by the next call, and made again where it is no good", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "regroup-compiled-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const env = { NODE_COMPILE_CACHE: folder };
  const serve = async () => {
    const child = spawn(regroup, ["serve", "--ephemeral", "-o", "listeners=PLAINTEXT://127.0.0.1:0"], {
      env: { ...process.env, ...env },
    });
    t.after(() => child.kill("SIGKILL"));
    await listeningPort(child.stdout, child.stderr);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    assert.equal(await ended, 0);
  };
  await run(regroup, ["serve", "--help"], "", env);
  assert.deepEqual(keptIn(folder, "serve"), [], "of a command that has not run nothing is kept");
  await serve();
  const [first, ...others] = keptIn(folder, "serve");
  assert.deepEqual(others, []);
  await serve();
  assert.deepEqual(keptIn(folder, "serve"), [first], "V8 took it: it fits the flags that a broker starts with");

  const damaged = readFileSync(first!.path);
  damaged.fill(0x55, damaged.length / 4, damaged.length / 4 + 100_000);
  for (const bytes of [damaged, damaged.subarray(0, 1000), Buffer.from("no code")]) {
    await writeFile(first!.path, bytes);
    await serve();
    const again = readFileSync(first!.path);
    assert.ok(again.length > damaged.length / 2 && !again.equals(bytes), "it was made again");
  }
  await run(regroup, ["--version"], "", env);
  assert.equal(keptIn(folder, "--version").length, 1);
  await assert.rejects(run(regroup, ["no-such-command"], "", env));
  assert.deepEqual(keptIn(folder, "no-such-command"), []);
  const { stdout } = await run(regroup, ["--version"], "", { ...env, NODE_DISABLE_COMPILE_CACHE: "1" });
  assert.match(stdout, /^\d/);
});

/** The port that the broker says it listens at. */
function listeningPort(...outputs: NodeJS.ReadableStream[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const printed: string[] = [];
    for (const input of outputs) {
      createInterface({ input })
        .on("line", (line) => {
          printed.push(line);
          const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
          if (port && port !== "0") resolve(Number(port));
        })
        .on("close", () => reject(new Error(`no port in what it printed:\n${printed.join("\n")}`)));
    }
  });
}
