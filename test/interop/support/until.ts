import { setTimeout as pause } from "node:timers/promises";

/**
 * Awaits a state that no event tells of: asks again until `look` gives neither undefined nor false.
 * @throws when it does not within `timeoutMs`; the message says what was awaited and what `describe` tells then.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { timeoutMs = 60_000, describe = () => "" }: { timeoutMs?: number; describe?: () => string } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms\n${describe()}`);
    await pause(50);
  }
}
