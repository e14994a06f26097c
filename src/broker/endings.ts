import type { Clock } from "../coordinator/clock.ts";

/** Who waits for the end of a transaction begins to listen before the question whether it has ended. */
export interface Ending {
  /** Resolves when the transaction is complete, after the time, or when the broker stops. */
  within(ms: number): Promise<void>;
  forget(): void;
}

/** Tells those who wait that the transaction of an id is complete. */
export class Endings {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(transactionalId: string): Ending {
    let isTold = false;
    let wake = () => {};
    const tell = () => {
      isTold = true;
      wake();
    };
    const waiting = this.#waiting.get(transactionalId) ?? new Set();
    this.#waiting.set(transactionalId, waiting.add(tell));
    return {
      within: (ms) =>
        new Promise((resolve) => {
          if (isTold) return resolve();
          const cancel = this.#clock.after(ms, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        }),
      forget: () => {
        waiting.delete(tell);
        if (waiting.size === 0 && this.#waiting.get(transactionalId) === waiting) this.#waiting.delete(transactionalId);
      },
    };
  }

  /** The broker stops, its coordinators lead nothing any more: who waits asks once more, and learns that. */
  stop(): void {
    for (const transactionalId of [...this.#waiting.keys()]) this.tell(transactionalId);
  }

  tell(transactionalId: string): void {
    for (const tell of [...(this.#waiting.get(transactionalId) ?? [])]) tell();
  }
}
