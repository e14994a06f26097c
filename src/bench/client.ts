/**
 * The client beside kafkajs and @platformatic/kafka: CPU time for each record, records a second, and the time to the
 * first record of a new group. Each measurement is a process of its own; the clients take turns, medians are told.
 *
 *     node src/bench/client.ts [--bootstrap-server host:port] [--rounds 5]
 *
 * Without a server it measures against a regroup broker of its own, in memory.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { Kafka } from "../client/kafka.ts";
import type { Measured, Task } from "./client/task.ts";
import { numberOf, readFlags } from "./flags.ts";
import { givenServer } from "./given-server.ts";
import { median } from "./median.ts";
import { startBroker } from "./start-broker.ts";

const clients = ["regroup", "kafkajs", "platformatic"] as const;
const numPartitions = 4;
const flags = readFlags({ "bootstrap-server": { type: "string" }, rounds: { type: "string", default: "5" } });
const times = numberOf("rounds", flags.rounds);

const runTask = promisify(execFile);
const started = Date.now();
let groups = 0;

async function measure(client: string, task: Task): Promise<Measured> {
  const args = [join(import.meta.dirname, "client/run.ts"), client, JSON.stringify(task)];
  // kafkajs sets timers in the past.
  const { stdout } = await runTask(process.execPath, ["--disable-warning=TimeoutNegativeWarning", ...args]);
  return JSON.parse(stdout) as Measured;
}

/** The clients in turn, `rounds` times. */
async function rounds(taskOf: (client: string) => Task): Promise<Map<string, Measured[]>> {
  const found = new Map<string, Measured[]>(clients.map((client) => [client, []]));
  for (let round = 0; round < times; round++) {
    for (const client of clients) found.get(client)!.push(await measure(client, taskOf(client)));
  }
  return found;
}

function tell(what: string, found: Map<string, Measured[]>): void {
  for (const [client, all] of found) {
    const cpu = all.map(({ cpuMicros, records }) => cpuMicros / records);
    const rate = median(all.map(({ records, seconds }) => records / seconds));
    const spread = `${Math.min(...cpu).toFixed(2)}–${Math.max(...cpu).toFixed(2)}`;
    console.log(
      `${what.padEnd(18)} ${client.padEnd(14)} ${median(cpu).toFixed(2).padStart(6)} µs CPU (${spread})`.padEnd(64),
      `${Math.round(rate / 1000)}k records/s`.padStart(16),
    );
  }
}

function tellTimes(what: string, found: Map<string, Measured[]>): void {
  for (const [client, all] of found) {
    const times = all.map(({ seconds }) => seconds * 1000);
    const spread = `${Math.min(...times).toFixed(0)}–${Math.max(...times).toFixed(0)}`;
    console.log(`${what.padEnd(18)} ${client.padEnd(14)} ${median(times).toFixed(0).padStart(6)} ms (${spread})`);
  }
}

async function bench(bootstrap: string): Promise<void> {
  const kafka = new Kafka({ bootstrapServers: bootstrap });
  await using admin = kafka.admin();
  const newTopic = async (name: string) => {
    const topic = `bench-${started}-${name}`;
    await admin.createTopics([{ topic, numPartitions, replicationFactor: 1 }]);
    return topic;
  };
  const group = () => `bench-${started}-${groups++}`;
  for (const valueBytes of [100, 1000]) {
    const records = valueBytes === 100 ? 1_000_000 : 300_000;
    const warmUpRecords = records / 5;
    const base = { bootstrap, valueBytes, warmUpRecords, records };
    const produced = await newTopic(`produce-${valueBytes}`);
    const produce = (): Task => ({ ...base, do: "produce", topic: produced, group: "" });
    tell(`produce ${valueBytes} B`, await rounds(produce));
    const read = await newTopic(`consume-${valueBytes}`);
    await measure("regroup", { ...base, do: "produce", topic: read, group: "" });
    tell(`consume ${valueBytes} B`, await rounds(() => ({ ...base, do: "consume", topic: read, group: group() })));
  }
  const few = { bootstrap, valueBytes: 100, warmUpRecords: 0, records: 1000, topic: await newTopic("first-record") };
  await measure("regroup", { ...few, do: "produce", group: "" });
  tellTimes("first record", await rounds(() => ({ ...few, do: "first-record", group: group() })));
}

const given = flags["bootstrap-server"];
if (given !== undefined) {
  await bench(await givenServer(given));
} else {
  const broker = await startBroker(["--ephemeral", "-o", "group.initial.rebalance.delay.ms=0"]);
  await bench(`127.0.0.1:${broker.port}`);
  broker.process.kill("SIGTERM");
  await once(broker.process, "exit");
}
