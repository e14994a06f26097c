/** "--since 03:00 --until 03:10": from when to when. */

export interface TimeRange {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/**
 * Times are ISO 8601 (local unless they say otherwise), or only hours and minutes: those of the last such time before
 * the end of the recording, and for `until` the first one behind `since`.
 * @param endMs of the last event
 * @returns undefined bounds are open. @throws {TypeError} with what was expected.
 */
export function timeRange(since: string | undefined, until: string | undefined, endMs: number): TimeRange {
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : timeOf("--since", since, (ms) => before(ms, endMs));
  const behind = (ms: number) => (since === undefined ? before(ms, endMs) : after(ms, sinceMs));
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : timeOf("--until", until, behind);
  if (sinceMs > untilMs) throw new TypeError(`--since ${since} is later than --until ${until}`);
  return { sinceMs, untilMs };
}

const timeOfDay = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/;
const dateTime = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

function timeOf(option: string, text: string, day: (ofEndsDayMs: number) => number): number {
  const clock = timeOfDay.exec(text);
  if (clock !== null) {
    const [hours, minutes, seconds] = clock.slice(1).map((part) => Number(part ?? 0));
    return day(((hours! * 60 + minutes!) * 60 + seconds!) * 1000);
  }
  const ms = dateTime.test(text) ? Date.parse(/T| /.test(text) ? text.replace(" ", "T") : `${text}T00:00`) : Number.NaN;
  if (Number.isNaN(ms)) throw new TypeError(`${option} ${text}: expected 03:00, or 2026-11-21T03:00`);
  return ms;
}

/** The last moment with that time of day that is not behind the end. */
function before(ofDayMs: number, endMs: number): number {
  const at = onDay(endMs, ofDayMs, 0);
  return at <= endMs ? at : onDay(endMs, ofDayMs, -1);
}

function after(ofDayMs: number, startMs: number): number {
  const at = onDay(startMs, ofDayMs, 0);
  return at >= startMs ? at : onDay(startMs, ofDayMs, 1);
}

/** In local time, also where a day has 23 or 25 hours. */
function onDay(ms: number, ofDayMs: number, plusDays: number): number {
  const day = new Date(ms);
  const seconds = Math.floor(ofDayMs / 1000);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + plusDays, 0, 0, seconds).getTime();
}
