/** How many segments may be open at a time: to open one anew for each write costs more than the write. */
import { readFileSync } from "node:fs";

/** Where nobody tells how many may be open. */
const few = 512;
const most = 16_384;

/** Half of what the process may open; the rest is for clients. */
export function mostSegmentsOpen(limits: string = limitsOfSystem()): number {
  const allowed = /^Max open files\s+(\d+)/m.exec(limits)?.[1]; // "unlimited" is taken for unknown
  return allowed === undefined ? few : Math.min(most, Math.floor(Number(allowed) / 2));
}

/** Linux tells; elsewhere it is a few. */
function limitsOfSystem(): string {
  try {
    return readFileSync("/proc/self/limits", "latin1");
  } catch {
    return "";
  }
}
