/** Looks again and again, and tells what happened. The cluster may be away for a while: that is told too. */
import type { Admin } from "../../client/admin/admin.ts";
import { isClientError } from "../report-error.ts";
import { type Look, lagOf } from "./look.ts";
import { type Memory, observe } from "./observe.ts";
import { sumOf } from "./rates.ts";
import { takeLook } from "./take-look.ts";
import type { WatchEvent } from "./watch-event.ts";

export interface WatchOptions {
  readonly group: string;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

export interface WatchStep {
  readonly events: readonly WatchEvent[];
  /** Undefined: it failed. */
  readonly look: Look | undefined;
  readonly before: Look | undefined;
  /** Why nothing is seen. */
  readonly blind: string | undefined;
}

/** A look that takes longer has failed. */
const lookTimeoutMs = 5_000;

/** Until the signal comes. @throws {KafkaError} when the very first look fails, or what cannot pass. */
export async function* watchSteps(admin: Admin, options: WatchOptions): AsyncGenerator<WatchStep> {
  const { group, intervalMs, signal } = options;
  let memory: Memory | undefined;
  let blindSinceMs: number | undefined;
  while (!signal.aborted) {
    const startedMs = performance.now();
    const before = memory?.last;
    const seen = await unlessAborted(tryLook(admin, group, memory === undefined), signal);
    if (seen === undefined) return;
    const told = { at: new Date().toISOString(), group };
    if (seen instanceof Error) {
      const events: WatchEvent[] =
        blindSinceMs === undefined ? [{ type: "looksFail", ...told, error: seen.message }] : [];
      blindSinceMs ??= Date.now();
      yield { events, look: undefined, before, blind: seen.message };
    } else {
      const events: WatchEvent[] = [];
      if (memory === undefined) events.push(started(options, seen));
      if (blindSinceMs !== undefined) events.push({ type: "looksGoOn", ...told, blindMs: seen.atMs - blindSinceMs });
      blindSinceMs = undefined;
      const observed = observe(group, memory, seen);
      memory = observed.memory;
      yield { events: [...events, ...observed.events], look: seen, before, blind: undefined };
    }
    await pause(Math.max(0, intervalMs - (performance.now() - startedMs)), signal);
  }
}

async function tryLook(admin: Admin, group: string, isFirst: boolean): Promise<Look | Error> {
  try {
    return await takeLook(admin, group, { timeoutMs: lookTimeoutMs });
  } catch (error) {
    if (isFirst || !isClientError(error) || !error.retriable) throw error;
    return error;
  }
}

function started({ group, intervalMs }: WatchOptions, look: Look): WatchEvent {
  const { state, assignor, members, partitions, atMs, told: rebalances } = look;
  const lag = sumOf(partitions.map(lagOf)) ?? 0;
  const at = new Date(atMs).toISOString();
  const seen = { state, assignor, members, lag, ...(rebalances === undefined ? {} : { rebalances }) };
  return { type: "watchStarted", at, group, intervalMs, ...seen };
}

/** @returns undefined when the signal comes first. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
