/** `--set key=value`, as often as needed. */
import { UsageError } from "./errors.ts";

/** The value may hold "=" too, and be empty. @throws {UsageError} */
export function keyValues(option: string, texts: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at < 1) throw new UsageError(`${option} ${text}: expected key=value`);
      return [text.slice(0, at).trim(), text.slice(at + 1)];
    }),
  );
}

/** What Kafka's protocol has room for. */
export const largest = { int16: 32_767, int32: 2_147_483_647 };

/** @throws {UsageError} */
export function integer(option: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const isRange = most < Number.MAX_SAFE_INTEGER || value > most || least === Number.MIN_SAFE_INTEGER;
  const range = isRange ? `from ${least} to ${most}` : `at least ${least}`;
  throw new UsageError(`${option} ${text}: expected an integer, ${range}`);
}
