/** A consumer joins two groups with the same assignments: in one the rebalance is eager, in the other cooperative. */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Kafka, type KafkaError } from "regroup";
import { answeringBroker } from "../bootstrap-servers.ts";
import { ObservedGroup, type Rebalance } from "./observed-group.ts";

const { values } = parseArgs({ options: { "finish-ms": { type: "string", default: "200" } } });
const [topic, partitionCount, finishMs] = ["clicks", 6, Number(values["finish-ms"])];
const kafka = new Kafka({ bootstrapServers: await answeringBroker() });
await using admin = kafka.admin();
const newTopic = { topic, numPartitions: partitionCount, replicationFactor: 1 };
await admin.createTopics([newTopic]).catch((error: KafkaError) => {
  if (error.code !== "TOPIC_ALREADY_EXISTS") throw error;
});

await using producer = kafka.producer({ lingerMs: 0 });
const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
let isProducing = true;
const producing = produceSteadily();

const eager = await watchedJoin("sticky");
const cooperative = await watchedJoin("cooperative-sticky");
isProducing = false;
await producing;

tellStages("eager", eager);
tellStages("cooperative", cooperative);
console.log(`\n${"partition".padEnd(11)}${"eager".padEnd(38)}cooperative`);
for (const partition of partitions) {
  console.log(`${String(partition).padEnd(11)}${fateOf(partition, eager).padEnd(38)}${fateOf(partition, cooperative)}`);
}

/** A record for each partition, 50 times a second. */
async function produceSteadily(): Promise<void> {
  while (isProducing) {
    await producer.sendBatch(partitions.map((partition) => ({ topic, partition, value: "click" })));
    await pause(20);
  }
}

/** Two consumers share the topic, and a third one joins. */
async function watchedJoin(assignor: "sticky" | "cooperative-sticky"): Promise<Rebalance> {
  const group = new ObservedGroup(kafka, topic, partitionCount, assignor, finishMs);
  for (const name of ["consumer-1", "consumer-2"]) {
    await group.join(name);
    await group.settled();
  }
  await group.hasRead(5);
  const fromMs = performance.now();
  await group.join("consumer-3");
  await group.settled();
  await group.hasRead(5);
  const toMs = performance.now();
  await group.close();
  return group.rebalance(fromMs, toMs);
}

function tellStages(name: string, { stages }: Rebalance): void {
  const owners = ["consumer-1", "consumer-2", "consumer-3", undefined];
  console.log(`\n${name.padEnd(14)}${owners.map((owner) => (owner ?? "nobody").padEnd(14)).join("")}`);
  for (const [index, stage] of ["before", "in between", "after"].entries()) {
    const theirs = owners.map((owner) => partitions.filter((it) => stages[index]![it] === owner).join(" ") || "-");
    console.log(`${stage.padEnd(14)}${theirs.map((text) => text.padEnd(14)).join("")}`.trimEnd());
  }
}

function fateOf(partition: number, { stages, pausesMs, readMeanwhile }: Rebalance): string {
  const [before, , after] = stages.map((owners) => owners[partition]);
  const where = before === after ? "stays" : `moves to ${after}`;
  if (pausesMs[partition] === 0)
    return `${where}, no pause, ${readMeanwhile[partition]! > 0 ? "read" : "not read"} meanwhile`;
  return `${where}, pauses ${pausesMs[partition]!.toFixed(0)} ms`;
}
