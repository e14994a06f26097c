/** `--to-datetime` and `--by-duration`. */
import { UsageError } from "../../errors.ts";

const dateTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * ISO 8601: a date, or a date and a time as exact as you like. Without a zone it is UTC, whatever the machine's is, so
 * that a command means the same everywhere.
 * @returns milliseconds since 1970. @throws {UsageError}
 */
export function momentOf(option: string, text: string): number {
  const found = dateTime.exec(text);
  if (found === null) {
    throw new UsageError(`${option} ${text}: expected a time as in 2026-03-01T12:30:00 (UTC) or …T12:30:00.000+02:00`);
  }
  const [, date, minutes = "00:00", seconds = "00", fraction = "", zone = "Z"] = found;
  const local = `${date}T${minutes}:${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}Z`;
  const localMs = Date.parse(local);
  // 30 February is no date, though it can be counted as 2 March.
  if (Number.isNaN(localMs) || new Date(localMs).toISOString() !== local) {
    throw new UsageError(`${option} ${text}: there is no such time`);
  }
  const ms = localMs - zoneMs(zone);
  if (ms >= 0) return ms; // what is below means latest, earliest and the like
  throw new UsageError(`${option} ${text}: expected a time from 1970 on`);
}

function zoneMs(zone: string): number {
  if (zone.toUpperCase() === "Z") return 0;
  const digits = zone.replaceAll(/[^\d]/g, "").padEnd(4, "0");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

const isoDuration = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,9})?)S)?)?$/i;
const isoUnitsMs = [604_800_000, 86_400_000, 3_600_000, 60_000, 1000];
const shortDuration = /^(\d+)(ms|s|m|h|d|w)$/;
const shortUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** ISO 8601 without years and months, whose lengths differ (P7DT12H), or a number with a unit (12h). */
export function durationMs(option: string, text: string): number {
  const short = shortDuration.exec(text);
  if (short !== null) return Number(short[1]) * shortUnitsMs[short[2]!]!;
  const parts = isoDuration.exec(text)?.slice(1);
  if (parts === undefined || parts.every((part) => part === undefined) || /t$/i.test(text)) {
    throw new UsageError(`${option} ${text}: expected a duration as in P7D, PT12H30M, 12h or 90s`);
  }
  return Math.round(parts.reduce((sum, part, index) => sum + Number(part ?? 0) * isoUnitsMs[index]!, 0));
}
