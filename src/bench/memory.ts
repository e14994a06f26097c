/**
 * Does the client's memory grow? A producer and a group of consumers, of which one comes and goes, work at a steady
 * rate; every few seconds garbage is collected, and what is left is told.
 *
 *     node --expose-gc src/bench/memory.ts [--bootstrap-server host:port] [--seconds 60] [--rate 2000]
 *
 * For an hour: npm run bench -- memory --seconds 3600. Without a server it works on a regroup broker of its own, in
 * memory, which keeps the last megabytes of the topic. The first quarter is warming up; it fails when the last quarter
 * needs more than the second by a tenth and by 2 MB.
 */
import { getHeapSpaceStatistics } from "node:v8";
import { Kafka } from "../client/kafka.ts";
import { numberOf, readFlags } from "./flags.ts";
import { givenServer } from "./given-server.ts";
import { startBroker } from "./start-broker.ts";

const flags = readFlags({
  "bootstrap-server": { type: "string" },
  seconds: { type: "string", default: "60" },
  rate: { type: "string", default: "2000" },
});
const seconds = numberOf("seconds", flags.seconds);
const rate = numberOf("rate", flags.rate);
const collect = globalThis.gc;
if (collect === undefined) throw new Error("needs node --expose-gc");

const tickMs = 50;
const sampleCount = 40;
/** How long the member that comes and goes stays, and stays away. */
const stayMs = 5000;
const mebibyte = 2 ** 20;
/** Where V8 keeps objects. What it compiles goes on growing for minutes, and is no matter of the client. */
const objectSpaces: ReadonlySet<string> = new Set(["new_space", "old_space", "large_object_space"]);

const given = flags["bootstrap-server"];
const broker = given === undefined ? await startBroker(["--ephemeral"]) : undefined;
const bootstrapServers = given === undefined ? `127.0.0.1:${broker!.port}` : await givenServer(given);
const kafka = new Kafka({ bootstrapServers, clientId: "memory" });
const run = `${process.pid}-${Date.now().toString(36)}`;
const [topic, groupId] = [`memory-${run}`, `memory-${run}`];
const ended = new AbortController();
let sent = 0;
let read = 0;

/** Aborted waiting is the end of a loop, not an error. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      ended.signal.removeEventListener("abort", done);
      resolve();
    }
    ended.signal.addEventListener("abort", done, { once: true });
    if (ended.signal.aborted) done();
  });
}

async function produce(): Promise<void> {
  await using producer = kafka.producer({ compressionType: "lz4" });
  const value = Buffer.alloc(200, "x");
  const startedMs = performance.now();
  while (!ended.signal.aborted) {
    const due = Math.floor(((performance.now() - startedMs) / 1000) * rate) - sent;
    const acknowledged = Array.from({ length: due }, (_, n) => {
      return producer.send({ topic, key: `key ${(sent + n) % 1000}`, value, headers: { trace: String(sent + n) } });
    });
    sent += due;
    await Promise.all(acknowledged);
    await pause(tickMs);
  }
}

async function consume(signal: AbortSignal): Promise<void> {
  await using consumer = kafka.consumer({
    groupId,
    autoOffsetReset: "earliest",
    autoCommitIntervalMs: 1000,
    keyDeserializer: "string",
  });
  await consumer.subscribe([topic]);
  await consumer.run({
    concurrency: 2,
    signal,
    eachRecord: ({ key, value, headers }) => {
      if (key !== null && value !== null && headers.length === 1) read++;
    },
  });
}

async function comeAndGo(): Promise<void> {
  while (!ended.signal.aborted) {
    await consume(AbortSignal.any([ended.signal, AbortSignal.timeout(stayMs)]));
    await pause(stayMs);
  }
}

async function look(): Promise<void> {
  await using admin = kafka.admin();
  while (!ended.signal.aborted) {
    await admin.describeGroups([groupId]).catch(() => undefined);
    await admin.listGroupOffsets(groupId);
    await pause(1000);
  }
}

interface Sample {
  readonly heap: number;
  readonly buffers: number;
  readonly resident: number;
}

function sample(): Sample {
  for (let turn = 0; turn < 3; turn++) collect!();
  const { external, rss } = process.memoryUsage();
  const spaces = getHeapSpaceStatistics().filter(({ space_name }) => objectSpaces.has(space_name));
  const heap = spaces.reduce((sum, { space_used_size }) => sum + space_used_size, 0);
  return { heap: heap / mebibyte, buffers: external / mebibyte, resident: rss / mebibyte };
}

async function samples(): Promise<Sample[]> {
  const found: Sample[] = [];
  const startedMs = performance.now();
  for (let count = 1; count <= sampleCount; count++) {
    await pause(startedMs + (count * seconds * 1000) / sampleCount - performance.now());
    const { heap, buffers, resident } = sample();
    found.push({ heap, buffers, resident });
    if (count % (sampleCount / 10) !== 0) continue;
    const sizes = `heap ${heap.toFixed(1)}  buffers ${buffers.toFixed(1)}  resident ${resident.toFixed(0)} MiB`;
    console.log(`${((count * seconds) / sampleCount).toFixed(0).padStart(5)} s  ${sizes}  ${sent} sent, ${read} read`);
  }
  return found;
}

function mean(of: readonly Sample[]): number {
  return of.reduce((sum, { heap, buffers }) => sum + heap + buffers, 0) / of.length;
}

await using admin = kafka.admin();
const kept = { "retention.bytes": "4194304", "segment.bytes": "1048576" };
await admin.createTopics([{ topic, numPartitions: 4, replicationFactor: 1, configs: kept }]);
const work = [produce(), consume(ended.signal), comeAndGo(), look()];
const all = await Promise.race([samples(), Promise.all(work).then(() => [])]);
ended.abort();
await Promise.all(work);
await admin.deleteTopics([topic]);
broker?.process.kill();

const [second, last] = [all.slice(sampleCount / 4, sampleCount / 2), all.slice((3 * sampleCount) / 4)].map(mean);
const grown = last! - second!;
console.log(`heap and buffers: ${second!.toFixed(1)} MiB in the second quarter, ${last!.toFixed(1)} in the last`);
if (grown > 2 && grown > second! / 10) {
  console.log(`they have grown by ${grown.toFixed(1)} MiB`);
  process.exitCode = 1;
}
