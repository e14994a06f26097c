/**
 * Before a turn: who had the one before may still compile or collect garbage, for half a second as Kafka does behind
 * produces and a start, or have the system write what it left, at the cost of who is measured next.
 */
import { execFile } from "node:child_process";
import { cpus } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { nowMs } from "../load/latencies.ts";
import { type ProcessorTimes, processorTimes } from "./stolen.ts";

const run = promisify(execFile);
const lookEveryMs = 100;
/** What brokers take that are not asked anything. */
const quietShare = 0.1;
const longestMs = 3000;
const tickMs = 10;

/** @param processors that there are. @param ms between the two. */
export function isQuiet(from: ProcessorTimes, to: ProcessorTimes, ms: number, processors: number): boolean {
  const worked = to.wanted - to.stolen - (from.wanted - from.stolen); // what the host takes is no work of brokers
  return worked * tickMs <= quietShare * ms * processors;
}

/** Resolves when the disk has what was written and the processors have next to nothing to do, or after 3 s. */
export async function untilQuiet(): Promise<void> {
  await run("sync");
  const endMs = nowMs() + longestMs;
  for (let isDone = false; !isDone && nowMs() < endMs; ) {
    const [from, fromMs] = [processorTimes(), nowMs()];
    await pause(lookEveryMs);
    isDone = isQuiet(from, processorTimes(), nowMs() - fromMs, cpus().length);
  }
}
