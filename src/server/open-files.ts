/** How many segments may be open at a time: to open one anew for each write costs more than the write. */
import { readFileSync } from "node:fs";

const fewest = 512;
const most = 16_384;

/** Half of what the process may open; the rest is for clients. */
export function mostSegmentsOpen(limits: string = limitsOfSystem()): number {
  const allowed = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0); // "unlimited" is taken for unknown
  return Math.max(fewest, Math.min(most, Math.floor(allowed / 2)));
}

/** Linux tells; elsewhere it is the fewest. */
function limitsOfSystem(): string {
  try {
    return readFileSync("/proc/self/limits", "latin1");
  } catch {
    return "";
  }
}
