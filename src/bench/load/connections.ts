/** Connections on which nothing happens but their first question. */
import { setTimeout as pause } from "node:timers/promises";
import { ApiVersions } from "../../protocol/apis/api-versions.ts";
import { cpuMs, residentBytes } from "./process.ts";
import { openWires } from "./wire.ts";

export interface ConnectionOptions {
  readonly server: string;
  /** Of the broker, on this machine. */
  readonly pid: number;
  readonly count: number;
}

export const connectionDefaults = { count: 10_000 } as const satisfies Partial<ConnectionOptions>;

export async function connections({ server, pid, count }: ConnectionOptions) {
  const before = residentBytes(pid);
  const wires = await openWires(server, count);
  await Promise.all(wires.map((wire) => wire.ask(ApiVersions, 0, {})));
  await pause(500);
  const cpuBefore = cpuMs(pid);
  const beginMs = performance.now();
  await pause(2000);
  const cpuPercent = (100 * (cpuMs(pid) - cpuBefore)) / (performance.now() - beginMs);
  const kilobytesEach = (residentBytes(pid) - before) / 1024 / count;
  for (const wire of wires) wire.close();
  return { kilobytesEach, cpuPercent };
}
