/** What the machine itself takes, without a broker: a figure of a broker in milliseconds says little without it. */
import { spawnSync } from "node:child_process";
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { answeredTopic } from "../load/answered-topic.ts";
import { Latencies, nowMs } from "../load/latencies.ts";
import type { RunLoad } from "../load/loads.ts";
import { launchBroker, stopBroker } from "../start-broker.ts";
import type { OfMachine } from "./row.ts";

const ms = (what: string) => ({ what, unit: "ms", better: "less" }) as const;

export const nodeStart: OfMachine<"nodeMs"> = {
  figures: { nodeMs: ms("Node's own start (`node -e 0`)") },
  measure: async () => {
    const sinceMs = nowMs();
    const { status } = spawnSync(process.execPath, ["-e", "0"], { stdio: "ignore" });
    if (status !== 0) throw new Error(`node -e 0 ended with ${status}`);
    return { nodeMs: nowMs() - sinceMs };
  },
};

const pieceBytes = 4096;
const syncs = 200;

/** Into a file that has its length already, as the journal of a log has. */
function syncTimes(folder: string): { p50: number; p99: number } {
  const path = join(folder, "syncs");
  const piece = Buffer.alloc(pieceBytes, 1);
  const file = openSync(path, "w");
  try {
    writeSync(file, Buffer.alloc(pieceBytes * syncs), 0, pieceBytes * syncs, 0);
    fdatasyncSync(file);
    const latencies = new Latencies();
    for (let at = 0; at < syncs; at++) {
      const sinceMs = nowMs();
      writeSync(file, piece, 0, pieceBytes, at * pieceBytes);
      fdatasyncSync(file);
      latencies.add(nowMs() - sinceMs);
    }
    return latencies.percentiles();
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

export const sync: OfMachine<"syncP50" | "syncP99"> = {
  figures: { syncP50: ms("one fdatasync of 4 KB, p50"), syncP99: ms("one fdatasync of 4 KB, p99") },
  measure: async (folder) => {
    const { p50, p99 } = syncTimes(folder);
    return { syncP50: p50, syncP99: p99 };
  },
};

const answering = join(import.meta.dirname, "../load/answering-server.ts");
const against = "the same load against a server that only answers";

/** One after the other, in each round. */
export function together<A extends string, B extends string>(a: OfMachine<A>, b: OfMachine<B>): OfMachine {
  return {
    figures: { ...a.figures, ...b.figures },
    measure: async (folder, run) => ({ ...(await a.measure(folder, run)), ...(await b.measure(folder, run)) }),
  };
}

/** @param load that of the brokers. */
export function answersOnly(load: { readonly warmUpSeconds: number; readonly seconds: number }) {
  return {
    figures: { answeredP99: ms(`${against}, p99`), answeredP999: ms(`${against}, p99.9`) },
    measure: async (_: string, run: RunLoad) => {
      const valueBytes = 1000;
      const server = await launchBroker(answering, [`${valueBytes}`]);
      try {
        const address = `127.0.0.1:${server.port}`;
        const { p99, p999 } = await run("latency", { server: address, topic: answeredTopic, valueBytes, ...load });
        return { answeredP99: p99, answeredP999: p999 };
      } finally {
        await stopBroker(server);
      }
    },
  } satisfies OfMachine<"answeredP99" | "answeredP999">;
}
