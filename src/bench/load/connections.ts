/** Connections on which nothing happens but their first question. */
import { setTimeout as pause } from "node:timers/promises";
import { cpuNanos, usedBytes } from "./process.ts";
import { openWires } from "./wire.ts";

export interface ConnectionOptions {
  readonly server: string;
  /** Of the broker, on this machine. */
  readonly pid: number;
  readonly count: number;
}

export const connectionDefaults = { count: 10_000 } as const satisfies Partial<ConnectionOptions>;

export async function connections({ server, pid, count }: ConnectionOptions) {
  const before = usedBytes(pid);
  const wires = await openWires(server, count);
  await pause(500);
  const cpuBefore = cpuNanos(pid);
  const beginMs = performance.now();
  await pause(3000);
  const cpuPercent = (cpuNanos(pid) - cpuBefore) / 1e4 / (performance.now() - beginMs);
  const kilobytesEach = (usedBytes(pid) - before) / 1024 / count;
  for (const wire of wires) wire.close();
  return { kilobytesEach, cpuPercent };
}
