/** What the system tells of a process on this machine. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Whether it runs: who has ended may be in the system's list until its parent has heard of it. */
export function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.startsWith("Z");
  } catch {
    return false;
  }
}

/** User and system time so far, in milliseconds; Linux counts it in hundredths of a second. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The same to the nanosecond, of the threads that it has now. */
export function cpuNanos(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((id) => readFileSync(`/proc/${pid}/task/${id}/schedstat`, "latin1").split(" ")[0]);
  return times.reduce((sum, time) => sum + Number(time), 0);
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, /^VmRSS:\s+(\d+) kB/m);
}

/** The most that it has been since the process began. */
export function peakBytes(pid: number): number {
  return statusBytes(pid, /^VmHWM:\s+(\d+) kB/m);
}

function statusBytes(pid: number, line: RegExp): number {
  return Number(line.exec(readFileSync(`/proc/${pid}/status`, "latin1"))![1]) * 1024;
}

/**
 * What grows with what a process holds: its resident memory, but of a JVM, whose heap is resident before it holds
 * anything, what lives there after a collection. NaN where jcmd cannot tell that.
 */
export function usedBytes(pid: number): number {
  if (readFileSync(`/proc/${pid}/comm`, "latin1").trim() !== "java") return residentBytes(pid);
  const { stdout } = spawnSync("jcmd", [`${pid}`, "GC.class_histogram"], { encoding: "utf8", maxBuffer: 2 ** 26 });
  return Number(/^Total +\d+ +(\d+)/m.exec(stdout ?? "")?.[1] ?? Number.NaN);
}
