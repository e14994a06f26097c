/** How long a start takes after a kill, with 1 GB of log, right behind produces as fast as the disk takes them. */
import { runLoad } from "../../src/bench/load/loads.ts";
import { median } from "../../src/bench/median.ts";
import { type Admin, Kafka } from "../../src/client/index.ts";
import { Victim } from "./victim.ts";

const longestMs = 1000;
/** Where an empty start takes longer than a twelfth of that, the machine is slow, or does much else. */
const slowMachine = 12;
const rounds = 5;
const topic = "large";
/** As users have it: the checkpoints of cleaning would leave a start hardly any journal to read. */
const cleaning = { "log.retention.check.interval.ms": "300000", "log.cleaner.backoff.ms": "15000" };
const valueBytes = 1000;
/** Before the first kill, and before each of the others. */
const records = { first: Math.ceil(1024 ** 3 / valueBytes), more: 300_000 };
/** A few large partitions; and so many that to sync all of them takes longer than to fill the journal. */
const manyPartitions = [8, 500];

/** @returns a breach when half of the starts take too long. */
export async function restartWithLargeLog(folder: string): Promise<string[]> {
  const breaches: string[] = [];
  for (const partitions of manyPartitions) breaches.push(...(await restarts(`${folder}-${partitions}`, partitions)));
  return breaches;
}

async function restarts(folder: string, partitions: number): Promise<string[]> {
  await using victim = new Victim(folder);
  const emptyMs = await victim.start(cleaning);
  const server = `127.0.0.1:${victim.port}`;
  const admin = new Kafka({ bootstrapServers: server }).admin();
  const times: number[] = [];
  let sent = 0;
  for (let round = 0; round < rounds; round++) {
    const wanted = round === 0 ? records.first : records.more;
    const shape = { partitions, valueBytes, perRequest: 8, records: wanted, warmUpSeconds: 0, seconds: 600 };
    await runLoad("produce", { server, topic, ...shape });
    sent += wanted;
    const errors = await victim.kill();
    if (errors.length > 0) return errors;
    const startMs = performance.now();
    await victim.start(cleaning);
    await recordsIn(admin, 1);
    times.push(performance.now() - startMs);
    const found = await recordsIn(admin, partitions);
    if (found < sent) return [`the large log has ${found} records, ${sent} were acknowledged`];
  }
  await admin.close();
  await victim.kill();
  return verdict(partitions, times, emptyMs);
}

async function recordsIn(admin: Admin, partitions: number): Promise<number> {
  const asked = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, at: "latest" }) as const);
  return (await admin.listOffsets(asked)).reduce((sum, { offset }) => sum + offset!, 0);
}

function verdict(partitions: number, times: readonly number[], emptyMs: number): string[] {
  const all = times.map((time) => time.toFixed(0)).join(", ");
  const empty = `an empty one ${emptyMs.toFixed(0)} ms`;
  console.log(`restart with 1 GB of log on ${partitions} partitions, until an offset is told: ${all} ms; ${empty}`);
  if (median(times) <= Math.max(longestMs, slowMachine * emptyMs)) return [];
  return [`restarts with 1 GB of log on ${partitions} partitions took ${all} ms, ${longestMs} were allowed; ${empty}`];
}
