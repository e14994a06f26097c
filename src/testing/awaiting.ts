import { afterRealMs, turn } from "./real-time.ts";

/** A state that a test awaited did not come. The message tells what was there instead, and what happened lately. */
export class AwaitTimeoutError extends Error {
  override readonly name = "AwaitTimeoutError";
}

/** How long to await a state. */
export interface AwaitOptions {
  /** On the machine's clock, also when the broker's is virtual. */
  readonly timeoutMs?: number;
}

/** Awaits states: looks again whenever something happened, not every so often. */
export class Awaiting {
  readonly #timeoutMs: number;
  readonly #waiting = new Set<() => void>();
  #isTold = false;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Something happened; whoever waits looks again, once for all that happens in this turn of the event loop. */
  happened(): void {
    if (this.#isTold || this.#waiting.size === 0) return;
    this.#isTold = true;
    void turn().then(() => {
      this.#isTold = false;
      for (const look of [...this.#waiting]) look();
    });
  }

  /**
   * @param look undefined as long as it is not so.
   * @param describe what to say when it does not become so in time.
   */
  async until<T>(
    what: string,
    look: () => T | undefined | Promise<T | undefined>,
    describe: () => string | Promise<string>,
    { timeoutMs = this.#timeoutMs }: AwaitOptions = {},
  ): Promise<T> {
    const { promise: over, resolve } = Promise.withResolvers<"over">();
    const cancel = afterRealMs(timeoutMs, () => resolve("over"));
    try {
      for (;;) {
        const changed = this.#change();
        const seen = await look();
        if (seen !== undefined) return seen;
        if ((await Promise.race([changed, over])) === "over") break;
      }
    } finally {
      cancel();
    }
    throw new AwaitTimeoutError(`awaited ${what}: not within ${timeoutMs} ms\n${await describe()}`);
  }

  #change(): Promise<"changed"> {
    return new Promise((resolve) => {
      const look = () => {
        this.#waiting.delete(look);
        resolve("changed");
      };
      this.#waiting.add(look);
    });
  }
}
