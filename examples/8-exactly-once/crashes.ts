/** Lets two processes transfer all payments, crashes each three times within a batch, and audits what was booked. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Admin, Kafka } from "regroup";
import { answeringBroker } from "../bootstrap-servers.ts";

const { values: flags } = parseArgs({ options: { "exactly-once": { type: "boolean", default: false } } });
const isExactlyOnce = flags["exactly-once"];
const to = isExactlyOnce ? "bookings-exactly-once" : "bookings-at-least-once";
const partitions = [0, 1, 2, 3];
const crashes = 3;

const kafka = new Kafka({ bootstrapServers: await answeringBroker() });
await using admin = kafka.admin();
await admin.createTopics([{ topic: to, numPartitions: partitions.length, replicationFactor: 1 }]);

const ending = new AbortController();
const transfers = ["transfer-1", "transfer-2"].map(live);
await untilAllIsCommitted(admin);
ending.abort();
const crashed = (await Promise.all(transfers)).reduce((all, times) => all + times, 0);

const [paid, read, stored] = [await amounts("payments"), await amounts(to), await amounts(to, "read_uncommitted")];
const twice = [...read.values()].filter((all) => all.length > 1).length;
const missing = [...paid.keys()].filter((key) => !read.has(key)).length;
console.log(`${isExactlyOnce ? "exactly once" : "at least once"}: 2 processes, ${crashed} crashes`);
console.log(`payments     ${told(paid)}`);
console.log(`bookings     ${told(read)}: ${missing} payments not booked, ${twice} booked more than once`);
console.log(`uncommitted  ${count(stored) - count(read)} more records lie in the log, and nobody reads them`);

/** One process after the other: each but the last crashes in its second batch. @returns how many crashed. */
async function live(name: string): Promise<number> {
  for (let lives = 0; ; lives++) {
    const crash = lives < crashes ? ["--crash-in-batch", "2"] : [];
    const mode = isExactlyOnce ? ["--exactly-once"] : [];
    const args = [join(import.meta.dirname, "transfer.ts"), "--name", name, "--to", to, ...mode, ...crash];
    const child = spawn(process.execPath, [...process.execArgv, ...args], { stdio: ["ignore", "inherit", "inherit"] });
    const end = () => child.kill("SIGTERM");
    ending.signal.addEventListener("abort", end);
    const [, signal] = await once(child, "exit");
    ending.signal.removeEventListener("abort", end);
    if (signal !== "SIGKILL") return lives;
  }
}

/** The group of the two processes has committed the end of each partition. */
async function untilAllIsCommitted(admin: Admin): Promise<void> {
  const ends = await admin.listOffsets(partitions.map((partition) => ({ topic: "payments", partition, at: "latest" })));
  for (;;) {
    const committed = await admin.listGroupOffsets(to, { requireStable: true }).catch(() => []);
    const isThere = ({ partition, offset }: (typeof ends)[number]) =>
      committed.some((it) => it.partition === partition && it.offset === offset);
    if (ends.every(isThere)) return;
    await pause(100);
  }
}

/** All amounts of a topic by payment: what its readers see. */
async function amounts(topic: string, isolation: "read_committed" | "read_uncommitted" = "read_committed") {
  const all = partitions.map((partition) => ({ topic, partition }));
  const ends = await admin.listOffsets(all.map((partition) => ({ ...partition, at: "latest" })));
  await using consumer = kafka.consumer({
    "auto.offset.reset": "earliest",
    "isolation.level": isolation,
    "key.deserializer": "string",
    "value.deserializer": "string",
  });
  await consumer.assign(all);
  const found = new Map<string, number[]>();
  const ending = new AbortController();
  const reading = consumer.run({
    signal: ending.signal,
    eachRecord: ({ key, value }) => found.set(key ?? "", [...(found.get(key ?? "") ?? []), Number(value)]),
  });
  for (const end of ends) while ((await consumer.position(end)) < end.offset) await pause(20);
  ending.abort();
  await reading;
  return found;
}

function count(found: Map<string, number[]>): number {
  return [...found.values()].flat().length;
}

function told(found: Map<string, number[]>): string {
  const sum = [...found.values()].flat().reduce((all, amount) => all + amount, 0);
  return `${count(found)}, ${sum} euros`;
}
