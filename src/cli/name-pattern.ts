/** `--match`: names chosen by a regular expression. */
import { UsageError } from "./errors.ts";

/** @returns whether the whole name matches. @throws {UsageError} for a pattern that is none. */
export function namePattern(pattern: string): (name: string) => boolean {
  try {
    const whole = new RegExp(`^(?:${pattern})$`, "u");
    return (name) => whole.test(name);
  } catch (error) {
    throw new UsageError(`--match ${pattern}: ${(error as Error).message}`);
  }
}
