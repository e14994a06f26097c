/** Those who wait for one write. */
export interface Waiter {
  durable(): void;
  failed(error: Error): void;
}

export class Group {
  #waiters: Waiter[] = [];
  #outcome: "complete" | Error | undefined;

  /** @returns one of which nothing is left to be written. */
  static complete(): Group {
    const group = new Group();
    group.complete();
    return group;
  }

  join(waiter: Waiter): void {
    if (this.#outcome === undefined) this.#waiters.push(waiter);
    else if (this.#outcome === "complete") waiter.durable();
    else waiter.failed(this.#outcome);
  }

  complete(): void {
    this.#outcome = "complete";
    for (const waiter of this.#waiters) waiter.durable();
    this.#waiters = [];
  }

  fail(error: Error): void {
    this.#outcome = error;
    for (const waiter of this.#waiters) waiter.failed(error);
    this.#waiters = [];
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
      this.reject = (error) => {
        this.promise.catch(() => undefined); // only now: hardly any of these is ever rejected
        reject(error);
      };
    });
  }
}
