/** Other people's generators on the same brokers: Java's perf tools, and kcat (librdkafka). */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { kafkaTool } from "./brokers.ts";
import { type Trial, trial } from "./row.ts";

const records = 300_000;

export function hasKcat(): boolean {
  return spawnSync("kcat", ["-V"]).status === 0;
}

function javaProduce(server: string, topic: string): Promise<string> {
  const size = ["--num-records", `${records}`, "--record-size", "1000", "--throughput", "-1"];
  const props = ["--producer-props", `bootstrap.servers=${server}`, "acks=all", "linger.ms=5"];
  return kafkaTool("producer-perf", "--topic", topic, ...size, ...props);
}

/** Kafka's own tool fills the topic, kcat reads it. @returns records a second. */
async function kcatConsume(server: string, topic: string): Promise<number> {
  const beginMs = performance.now();
  const args = ["-b", server, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", ""];
  const child = spawn("kcat", args, { stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`kcat ended with ${code}`);
  return (records * 1000) / (performance.now() - beginMs);
}

export const javaWitness: Trial = trial({
  id: "witness-java",
  settings: ["fsync", "os"],
  rounds: 2,
  figures: {
    produce: { what: "Java's producer-perf, 1 KB, acks=all", unit: "records/s", better: "more" },
    consume: { what: "Java's consumer-perf, 1 KB", unit: "records/s", better: "more" },
  },
  measure: async ({ server }, topic) => {
    const told = await javaProduce(server, topic);
    const read = ["--topic", topic, "--messages", `${records}`, "--bootstrap-server", server, "--hide-header"];
    const line = (await kafkaTool("consumer-perf", ...read)).trim().split("\n").at(-1)!;
    const fetchRate = Number(line.split(",").at(-1));
    return { produce: Number(/([\d.]+) records\/sec.*\n?$/.exec(told)![1]), consume: fetchRate };
  },
});

export const kcatWitness: Trial = trial({
  id: "witness-kcat",
  settings: ["os"],
  rounds: 2,
  figures: { consume: { what: "kcat (librdkafka) reads 1 KB", unit: "records/s", better: "more" } },
  measure: async ({ server }, topic) => {
    await javaProduce(server, topic);
    return { consume: await kcatConsume(server, topic) };
  },
});
