/** Moments and durations as people type them. */
import { UsageError } from "../errors.ts";

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** 90s, 10m, 2h, 7d. @returns milliseconds. @throws {UsageError} */
export function duration(option: string, text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const ms = count === undefined ? Number.NaN : Number(count) * unitsMs[unit!]!;
  if (ms <= Number.MAX_SAFE_INTEGER) return ms;
  throw new UsageError(`${option} ${text}: expected 90s, 10m, 2h or 7d`);
}

/**
 * 2026-01-31T08:00:00Z (without a zone: local time), milliseconds since 1970, or so long ago: 90s, 10m, 2h, 7d.
 * @returns milliseconds since 1970. @throws {UsageError}
 */
export function instant(option: string, text: string, nowMs: number): number {
  const ms = millisecondsOf(option, text, nowMs);
  if (ms >= 0 && ms <= Number.MAX_SAFE_INTEGER) return ms; // what is below means latest, earliest and the like
  if (ms < 0) throw new UsageError(`${option} ${text}: expected a time from 1970 on`);
  throw new UsageError(`${option} ${text}: expected 2026-01-31T08:00:00Z, milliseconds since 1970, or 10m, 2h, 7d ago`);
}

function millisecondsOf(option: string, text: string, nowMs: number): number {
  if (/^\d{5,}$/.test(text)) return Number(text);
  if (/^\d+[smhd]$/.test(text)) return nowMs - duration(option, text);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  return /^\d{4}-\d\d/.test(text) ? Date.parse(isDay ? `${text}T00:00` : text) : Number.NaN;
}
