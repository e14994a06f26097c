/** What of a printed line is the same each time: not times, durations, process ids, member ids, columns' widths. */
const varying: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UUID"],
  [/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME"],
  [/\b\d\d:\d\d:\d\d(\.\d+)?\b/g, "TIME"],
  [/\b1\d{12}\b/g, "TIME"],
  [/(?<= )[\w-]{22}$/g, "TOPIC-ID"],
  [/\b\d+(\.\d+)? (ms|s)\b/g, "DURATION"],
  [/\bpid \d+/g, "pid PID"],
  [/127\.0\.0\.1:\d+/g, "BROKER"],
  [/\s+/g, " "],
];

export function shape(line: string): string {
  return varying.reduce((text, [pattern, name]) => text.replaceAll(pattern, name), line).trim();
}

/** Process ids of a README and those that stand for them now. */
export class Pids {
  readonly #now = new Map<string, string>();

  learn(written: string, printed: string): void {
    const [then, now] = [written, printed].map((line) => /\bpid (\d+)/.exec(line)?.[1]);
    if (then !== undefined && now !== undefined) this.#now.set(then, now);
  }

  in(command: string): string {
    return command.replaceAll(/\b\d+\b/g, (number) => this.#now.get(number) ?? number);
  }
}
