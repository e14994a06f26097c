/** Those who wait for one write. */
export interface Waiter {
  durable(): void;
  failed(error: Error): void;
}

export class Group {
  readonly #waiters: Waiter[] = [];

  join(waiter: Waiter): void {
    this.#waiters.push(waiter);
  }

  get isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  complete(): void {
    for (const waiter of this.#waiters) waiter.durable();
  }

  fail(error: Error): void {
    for (const waiter of this.#waiters) waiter.failed(error);
  }
}

/** A promise with its ends; a rejection that nobody waits for is no fault of the process. */
export class Deferred {
  readonly promise: Promise<void>;
  resolve!: () => void;
  reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined);
  }
}
