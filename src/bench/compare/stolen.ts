/** Of a virtual machine: what its host gave to others, though there was work. No broker can do anything about it. */
import { readFileSync } from "node:fs";

/** Of all processors since the start, in the system's ticks. */
export interface ProcessorTimes {
  readonly stolen: number;
  /** In which somebody worked, or would have. */
  readonly wanted: number;
}

/** @param stat of the system's file of that name: user, nice, system, idle, iowait, irq, softirq, steal. */
export function processorTimes(stat = readFileSync("/proc/stat", "latin1")): ProcessorTimes {
  const [user, nice, system, , , irq, softirq, stolen] = stat
    .slice(0, stat.indexOf("\n"))
    .split(/ +/)
    .slice(1)
    .map(Number);
  return { stolen: stolen!, wanted: user! + nice! + system! + irq! + softirq! + stolen! };
}

/** From 0 to 1. */
export function stolenShare(from: ProcessorTimes, to: ProcessorTimes): number {
  return (to.stolen - from.stolen) / Math.max(1, to.wanted - from.wanted);
}

/** Below that a turn counts as undisturbed. */
const calm = 0.05;

/**
 * Takes turns until one is undisturbed, or so many. @returns what the least disturbed told.
 *
 * @param before each turn, and no part of it.
 */
export async function calmest<T>(
  turn: () => Promise<T>,
  before: () => Promise<void>,
  mostTurns = 3,
  times: () => ProcessorTimes = processorTimes,
): Promise<{ readonly told: T; readonly stolen: number }> {
  let best: { readonly told: T; readonly stolen: number } | undefined;
  for (let taken = 1; ; taken++) {
    await before();
    const from = times();
    const told = await turn();
    const stolen = stolenShare(from, times());
    if (best === undefined || stolen < best.stolen) best = { told, stolen };
    if (best.stolen <= calm || taken === mostTurns) return best;
  }
}
