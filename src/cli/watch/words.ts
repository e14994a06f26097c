/** Numbers and times as people read them. */
import { comparePartitions, type PartitionName, topicOf } from "./look.ts";
import type { Span } from "./watch-event.ts";

export function counted(count: number, thing: string): string {
  return `${thousands(count)} ${thing}${count === 1 ? "" : "s"}`;
}

export function thousands(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "45 ms", "1.2 s", "44 s", "3 min 20 s", "2 h 5 min". */
export function inTime(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min${seconds % 60 === 0 ? "" : ` ${seconds % 60} s`}`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`;
}

/** "45 ms" where it is known, "≤ 1.0 s", or "1.0–3.0 s". */
export function inSpan({ atLeastMs, atMostMs }: Span): string {
  if (atLeastMs === atMostMs) return inTime(atMostMs);
  return atLeastMs === 0 ? `≤ ${inTime(atMostMs)}` : `${inTime(atLeastMs)}–${inTime(atMostMs)}`;
}

/** "orders 0-2 5, returns 1". */
export function inTopics(partitions: readonly PartitionName[]): string {
  const byTopic = Map.groupBy(partitions.toSorted(comparePartitions), topicOf);
  return [...byTopic].map(([topic, names]) => `${topic} ${inRuns(names.map((name) => numberOf(name)))}`).join(", ");
}

function numberOf(name: PartitionName): number {
  return Number(name.slice(name.lastIndexOf("-") + 1));
}

/** @param numbers rising */
function inRuns(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (last === first ? `${first}` : `${first}-${last}`)).join(" ");
}

const two = (value: number) => value.toString().padStart(2, "0");

/** In local time. */
export function clockTime(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function dayAndTime(at: Date): string {
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${clockTime(at)}.${at.getMilliseconds().toString().padStart(3, "0")}`;
}
