/** Milliseconds, or a number with its unit: "250ms", "45s", "5m", "2h", "7d". */
export type Duration = number | string;

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** @throws {RangeError} when it is no duration. */
export function milliseconds(duration: Duration): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(duration)) ?? [];
  const ms = typeof duration === "number" ? duration : Number(number) * unitMs[unit as keyof typeof unitMs];
  if (ms >= 0 && Number.isFinite(ms)) return ms;
  throw new RangeError(
    `${JSON.stringify(duration)} is no duration: expected milliseconds, or such as "250ms", "45s", "5m"`,
  );
}
