import type { Clock } from "../coordinator/clock.ts";

/** Does work again and again; each round says how long to pause until the next. */
export class Repeated {
  readonly #clock: Clock;
  readonly #work: () => Promise<number>;
  #isOn = false;
  #cancel: (() => void) | undefined;

  /** @param work one round; it may not reject. @returns milliseconds until the next. */
  constructor(clock: Clock, work: () => Promise<number>) {
    this.#clock = clock;
    this.#work = work;
  }

  start(firstPauseMs: number): void {
    this.#isOn = true;
    this.#pause(firstPauseMs);
  }

  stop(): void {
    this.#isOn = false;
    this.#cancel?.();
  }

  async #round(): Promise<void> {
    this.#pause(await this.#work());
  }

  #pause(pauseMs: number): void {
    if (this.#isOn) this.#cancel = this.#clock.after(pauseMs, () => void this.#round());
  }
}
