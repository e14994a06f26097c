import { realNowMs, turn } from "./real-time.ts";

/** So many turns of the event loop without a request or an answer: what is on the way between sockets has come. */
const quietTurns = 8;
/** Who asks again and again is never quiet. */
const patienceMs = 1000;

/** Knows when the sockets are quiet. */
export class Traffic {
  #count = 0;
  readonly #quietMs: number;

  /** @param quietMs clients of other processes need time on the machine's clock; those of this process next to none. */
  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  /** A request came, or was answered. */
  moved(): void {
    this.#count += 1;
  }

  async quiet(): Promise<void> {
    const beganMs = realNowMs();
    let seen = this.#count;
    let sinceMs = beganMs;
    for (let turns = 0; turns < quietTurns || realNowMs() - sinceMs < this.#quietMs; turns++) {
      await turn();
      if (this.#count !== seen) {
        seen = this.#count;
        sinceMs = realNowMs();
        turns = -1;
      }
      if (realNowMs() - beganMs > patienceMs) return;
    }
  }
}
