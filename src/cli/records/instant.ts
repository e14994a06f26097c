/** Moments and durations as people type them. */
import { UsageError } from "../errors.ts";

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** 90s, 10m, 2h, 7d. @returns milliseconds. @throws {UsageError} */
export function duration(option: string, text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new UsageError(`${option} ${text}: expected 90s, 10m, 2h or 7d`);
  return Number(count) * unitsMs[unit!]!;
}

/**
 * 2026-01-31T08:00:00Z (without a zone: local time), milliseconds since 1970, or so long ago: 90s, 10m, 2h, 7d.
 * @returns milliseconds since 1970. @throws {UsageError}
 */
export function instant(option: string, text: string, nowMs: number): number {
  if (/^\d{5,}$/.test(text)) return Number(text);
  if (/^\d+[smhd]$/.test(text)) return nowMs - duration(option, text);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const ms = /^\d{4}-\d\d/.test(text) ? Date.parse(isDay ? `${text}T00:00` : text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new UsageError(
      `${option} ${text}: expected 2026-01-31T08:00:00Z, milliseconds since 1970, or 10m, 2h, 7d ago`,
    );
  }
  return ms;
}
