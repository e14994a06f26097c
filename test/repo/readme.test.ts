/** What the README and the guides say is true: their programs run, and what they quote is what the examples print. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { Kafka, logLevel } from "kafkajs";
import { startTestBroker } from "../client/broker.ts";
import { stepsOf } from "../examples/support/blocks.ts";
import { shape } from "../examples/support/shape.ts";
import { run } from "../interop/support/tools.ts";

const bootstrapServer = await startTestBroker();

for (const file of ["README.md", "docs/consumer-groups.md", "docs/exactly-once.md"]) {
  for (const [index, program] of programsOf(file).entries()) {
    test(`program ${index + 1} of ${file} runs and ends`, async () => {
      const { stdout } = await typescript(program);
      assert.notEqual(stdout, "", "each of them prints something");
    });
  }
}

const [asWithKafkajs, besideKafkajs] = programsOf("docs/migrating.md");

test("what stands beside kafkajs' program in docs/migrating.md does the same", async () => {
  assert.match((await typescript(asWithKafkajs!)).stdout, /^\d 0 v\n$/);
});

test("docs/migrating.md brings a member of ours into a group of kafkajs' members", async () => {
  const kafka = new Kafka({ brokers: [bootstrapServer], logLevel: logLevel.NOTHING });
  const [admin, member] = [kafka.admin(), kafka.consumer({ groupId: "shipping", heartbeatInterval: 200 })];
  await Promise.all([admin.connect(), member.connect()]);
  await admin.createTopics({ topics: [{ topic: "parcels", numPartitions: 4 }] });
  await member.subscribe({ topics: ["parcels"] });
  const hasJoined = new Promise((resolve) => member.on("consumer.group_join", resolve));
  await member.run({ eachMessage: async () => undefined });
  await hasJoined;
  const { stdout } = await typescript(besideKafkajs!);
  await Promise.all([admin.disconnect(), member.disconnect()]);
  assert.equal(stdout, "2 partitions by RoundRobinAssigner\n");
});

test("the first group of README.md reads what is sent", async (t) => {
  const lines = [...readFileSync("README.md", "utf8").matchAll(/^ {4}((?:seq|npx regroup consume) .*)$/gm)];
  const [produce, consume] = lines.map(([, line]) =>
    line!.replaceAll("npx regroup", `"${process.execPath}" bin/regroup.js`),
  );
  const env = { ...process.env, REGROUP_BOOTSTRAP_SERVERS: bootstrapServer };
  const shell = spawn("bash", ["-c", `${produce}\n${consume}`], {
    detached: true,
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  t.after(() => process.kill(-shell.pid!, "SIGKILL"));
  const values = new Set<string>();
  for await (const value of createInterface({ input: shell.stdout })) {
    values.add(value);
    if (values.size === 1000) break;
  }
  assert.ok(values.has("1") && values.has("1000"));
});

test("what docs/consumer-groups.md quotes is what the examples print", () => {
  const walks = globSync("examples/*/README.md").map((file) => readFileSync(file, "utf8"));
  const printed = new Set(walks.flatMap((walk) => walk.split("\n")).map(shape));
  const steps = stepsOf(readFileSync("docs/consumer-groups.md", "utf8"));
  const quoted = steps.flatMap(({ typed, printed }) =>
    (typeof typed === "object" ? [`$ ${typed.command}`] : []).concat(printed),
  );
  assert.ok(quoted.length > 0);
  assert.deepEqual(
    quoted.filter((line) => !printed.has(shape(line))),
    [],
  );
});

/** The blocks marked `ts` of a page. */
function programsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
}

/** In the repository's folder, where `regroup` is its source. */
function typescript(program: string) {
  const code = program.replaceAll("127.0.0.1:9092", bootstrapServer);
  return run(process.execPath, ["--conditions=regroup-source", "--input-type=module-typescript", "--eval", code]);
}
