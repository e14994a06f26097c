/** How long a start takes after a kill, with 1 GB of log. */
import { Kafka } from "../../src/client/index.ts";
import { Victim } from "./victim.ts";

const bytesWanted = 1024 ** 3;
const recordBytes = 500_000;
const partitions = 8;
const longestMs = 1000;
const rounds = 5;

/** @returns a breach when each of some starts takes too long. */
export async function restartWithLargeLog(folder: string): Promise<string[]> {
  await using victim = new Victim(folder);
  const emptyMs = await victim.start();
  const bootstrapServers = `127.0.0.1:${victim.port}`;
  const kafka = new Kafka({ bootstrapServers });
  const admin = kafka.admin();
  await admin.createTopics([{ topic: "large", numPartitions: partitions }]);
  const producer = kafka.producer({ "batch.size": 1_000_000, "buffer.memory": 64_000_000 });
  const value = new Uint8Array(recordBytes);
  const records = Math.ceil(bytesWanted / recordBytes);
  const send = async (from: number) => {
    for (let at = from; at < records; at += partitions) await producer.send({ topic: "large", partition: from, value });
  };
  await Promise.all(Array.from({ length: partitions }, (_, partition) => send(partition)));
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const errors = await victim.kill();
    if (errors.length > 0) return errors;
    const startMs = performance.now();
    await victim.start();
    const [listed] = await admin.listOffsets([{ topic: "large", partition: 0, at: "latest" }]);
    times.push(performance.now() - startMs);
    if (listed!.offset !== Math.ceil(records / partitions)) return [`the large log ends at ${listed!.offset}`];
  }
  await Promise.all([producer.close(), admin.close()]);
  await victim.kill();
  const all = times.map((time) => time.toFixed(0)).join(", ");
  console.log(`restart with 1 GB of log, until an offset is told: ${all} ms; an empty one ${emptyMs.toFixed(0)} ms`);
  // The shortest: what else the machine does only adds to it. Where an empty one is slow too, it does much else.
  const allowedMs = Math.max(longestMs, 2 * emptyMs);
  return Math.min(...times) <= allowedMs ? [] : [`restarts with 1 GB of log took ${all} ms, ${longestMs} were allowed`];
}
