// The npm package where its users run it: inside vitest and jest, compiled against, and on the oldest Node it promises.
// In .ci only, because these are large to install.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectWithRegroup } from "../test/repo/pack.ts";

const others = [
  "kafkajs@2.2.4",
  "vitest@5.1.1",
  "jest@30.5.2",
  "typescript@7.0.2",
  "@types/node@26.6.6",
  "node@22.15.0",
];
const project = await projectWithRegroup(others);

const roundTrip = `
async function roundTrip() {
  const server = await startServer({ config: { listeners: "PLAINTEXT://127.0.0.1:0" }, ephemeral: true });
  const kafka = new Kafka({ brokers: [server.bootstrapServers], logLevel: 0 });
  const [producer, consumer] = [kafka.producer(), kafka.consumer({ groupId: "g" })];
  await Promise.all([producer.connect(), consumer.connect()]);
  await producer.send({ topic: "t", messages: [{ value: "hello" }] });
  await consumer.subscribe({ topics: ["t"], fromBeginning: true });
  const got = await new Promise((resolve) => {
    consumer.run({ eachMessage: async ({ message }) => resolve(String(message.value)) });
  });
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
  await server.close();
  return got;
}
`;
const esm = `import { Kafka } from "kafkajs";
import { startServer } from "regroup";
import { startBroker } from "regroup/testing";
${roundTrip}`;
const commonjs = `const { Kafka } = require("kafkajs");
const { startServer } = require("regroup");
const { startBroker } = require("regroup/testing");
${roundTrip}`;
const testingTest = `
test("a broker to test with", async () => {
  const kafka = await startBroker({ topics: ["t"] });
  const js = new Kafka({ brokers: kafka.brokers, logLevel: 0 });
  const fault = kafka.on("Produce").once().fail("NOT_LEADER_OR_FOLLOWER");
  const producer = js.producer({ retry: { initialRetryTime: 10 } });
  await producer.connect();
  await producer.send({ topic: "t", messages: [{ value: "hello" }] });
  await producer.disconnect();
  expect(fault.hits).toBe(1);
  expect(kafka.topic("t").endOffsets()).toEqual([1]);
  await kafka.close();
}, 30_000);
`;
const inTest = `test("a consumer group", async () => expect(await roundTrip()).toBe("hello"), 30_000);\n`;
const inScript = `roundTrip().then((got) => process.exit(got === "hello" ? 0 : 1));\n`;
const files = {
  "in-vitest.test.mjs": `import { expect, test } from "vitest";\n${esm}${inTest}${testingTest}`,
  "in-jest.test.cjs": commonjs + inTest + testingTest,
  "jest.config.json": JSON.stringify({ testEnvironment: "node", testMatch: ["**/*.test.cjs"] }),
  "esm.mjs": esm + inScript,
  "commonjs.cjs": commonjs + inScript,
  "types.mts": `import { startServer } from "regroup";
import { startBroker, type TestBroker } from "regroup/testing";
const kafka: TestBroker = await startBroker({ topics: { orders: 3 }, clock: "virtual" });
await kafka.group("g").stable({ members: 1 });
kafka.on("OffsetCommit", { group: "g" }).once().fail("ILLEGAL_GENERATION");
// @ts-expect-error: no error of Kafka's
kafka.on("OffsetCommit").fail("ILLEGAL_GENERATIONS");
const server = await startServer({ config: { "log.dirs": "/tmp" }, ephemeral: true });
export const close: () => Promise<void> = server.close;
// @ts-expect-error: it is true or false
startServer({ ephemeral: "yes" });
`,
  "tsconfig.json": JSON.stringify({
    compilerOptions: { module: "nodenext", target: "es2024", strict: true, types: ["node"] },
    include: ["types.mts"],
  }),
};
for (const [file, text] of Object.entries(files)) writeFileSync(join(project, file), text);

run("vitest", "run", "in-vitest");
run("jest", "--config", "jest.config.json");
run("tsc", "--noEmit", "-p", "tsconfig.json");
run("node", "--version");
run("node", "esm.mjs");
run("node", "commonjs.cjs");
rmSync(dirname(project), { recursive: true });

function run(command, ...args) {
  console.log(`$ ${command} ${args.join(" ")}`);
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`; // vitest and jest take the node that comes first
  const env = { ...process.env, PATH };
  const { status } = spawnSync(join(project, "node_modules/.bin", command), args, {
    cwd: project,
    env,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
