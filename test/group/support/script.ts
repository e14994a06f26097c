/**
 * The script language of the transcripts: what stands in a file beside what the coordinator answers.
 *
 *     10:00:00.000  a → Join(instance i, range[orders] sticky[orders], session 10s)
 *     10:00:20.000  — restart
 *     10:00:30.000  —
 *
 * A line with an arrow is a request of a client, one with a dash lets time pass or does something to the broker.
 */
export interface Line {
  /** Milliseconds after 10:00:00.000; undefined: at the time of the line before. */
  readonly atMs: number | undefined;
  readonly what:
    | { readonly who: string; readonly call: Call }
    | { readonly directive: string }
    | { readonly text: string };
}

export interface Call {
  readonly name: string;
  readonly args: readonly string[];
  /** As it stands in the file. */
  readonly source: string;
}

export function parseScript(source: string): Line[] {
  const lines: Line[] = [];
  for (const line of source.trimEnd().split("\n")) {
    const match = /^(\d{2,3}:\d\d:\d\d\.\d{3})?\s+(?:(\S+) → (.+?)(?: +⋯ parked)?|—(.*))$/.exec(line);
    if (match !== null) {
      const [, time, who, call, directive] = match;
      const atMs = time === undefined ? undefined : timeToMs(time);
      if (who !== undefined && call !== undefined) lines.push({ atMs, what: { who, call: parseCall(call) } });
      else lines.push({ atMs, what: { directive: (directive ?? "").trim() } });
    } else if (line === "" || line.startsWith("#")) {
      lines.push({ atMs: undefined, what: { text: line } });
    }
  }
  return lines;
}

export function parseCall(source: string): Call {
  const match = /^(\w+)(?:\((.*)\))?$/.exec(source.trim());
  if (match?.[1] === undefined) throw new Error(`no request: ${source}`);
  return { name: match[1], args: match[2] ? match[2].split(", ") : [], source: source.trim() };
}

const startMs = 10 * 3_600_000;

export function timeToMs(time: string): number {
  const [hours, minutes, seconds] = time.split(":").map(Number);
  return Math.round(((hours! * 60 + minutes!) * 60 + seconds!) * 1000) - startMs;
}

/** As in the files; days after the first are counted in hours. */
export function msToTime(ms: number): string {
  const total = startMs + ms;
  const part = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, "0");
  const seconds = `${part((total / 1000) % 60, 2)}.${part(total % 1000, 3)}`;
  return `${part(total / 3_600_000, 2)}:${part((total / 60_000) % 60, 2)}:${seconds}`;
}

/** "45s", "5m" or "7d". */
export function durationMs(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  if (match === null) throw new Error(`no duration: ${text}`);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as "ms" | "s" | "m" | "h" | "d"];
  return Number(match[1]) * unit;
}
