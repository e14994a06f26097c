/** Other people's generators on the same brokers: Java's perf tools, and kcat (librdkafka). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { kafkaTool, type Versions } from "./brokers.ts";
import { type Trial, trial } from "./row.ts";

const records = 200_000;
const valueBytes = 1000;

function javaProduce(server: string, topic: string): Promise<string> {
  const size = ["--num-records", `${records}`, "--record-size", `${valueBytes}`, "--throughput", "-1"];
  const props = ["--producer-props", `bootstrap.servers=${server}`, "acks=all", "linger.ms=5"];
  return kafkaTool("producer-perf", "--topic", topic, ...size, ...props);
}

/** @returns records a second. */
async function kcat(server: string, topic: string, ...args: readonly string[]): Promise<number> {
  const beginMs = performance.now();
  const child = spawn("kcat", ["-b", server, "-t", topic, "-q", ...args], { stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`kcat ended with ${code}`);
  return (records * 1000) / (performance.now() - beginMs);
}

/** A file of so many lines that kcat writes as records. */
async function linesFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
  const file = join(folder, "lines");
  await writeFile(file, `${"x".repeat(valueBytes)}\n`.repeat(records));
  return file;
}

const javaWitness: Trial = trial({
  id: "witness-java",
  settings: ["fsync", "os"],
  rounds: 2,
  seconds: 14,
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

const kcatWitness: Trial = trial({
  id: "witness-kcat",
  settings: ["fsync", "os"],
  rounds: 2,
  seconds: 6,
  figures: {
    produce: { what: "kcat (librdkafka) writes 1 KB, acks=all", unit: "records/s", better: "more" },
    consume: { what: "kcat (librdkafka) reads 1 KB", unit: "records/s", better: "more" },
  },
  measure: async ({ server }, topic) => {
    const file = await linesFile();
    try {
      const produce = await kcat(server, topic, "-P", "-l", file, "-X", "acks=all", "-X", "linger.ms=5");
      return { produce, consume: await kcat(server, topic, "-C", "-o", "beginning", "-e", "-f", "") };
    } finally {
      await rm(dirname(file), { recursive: true });
    }
  },
});

const witnesses = [
  { trial: javaWitness, program: "java", needs: "Java 17 or later" },
  { trial: kcatWitness, program: "kcat", needs: "kcat" },
] as const;

/** Those that can be run here. @returns also what the others need. */
export function witnessesWith(has: Pick<Versions, "java" | "kcat">) {
  const isThere = ({ program }: (typeof witnesses)[number]) => has[program] !== undefined;
  const missing = witnesses.filter((witness) => !isThere(witness));
  return {
    trials: witnesses.filter(isThere).map(({ trial }) => trial),
    missing: missing.map(({ trial: { id }, needs }) => ({ id, needs })),
  };
}
