/**
 * For a while the storage loses answers where transactions end: that a marker is written, and after it that the
 * coordinator's next record is. It loads again under the same epoch and has markers written once more, while those of
 * the first time are about to be tried again.
 */
import type { Random } from "./random.ts";
import { transactionsTopic } from "./topics.ts";
import type { World } from "./world.ts";

export class TroubledEnds {
  readonly #world: World;
  readonly #random: Random;
  #untilMs = 0;
  #isCoordinatorsTurn = false;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork("troubled ends");
  }

  begin(forMs: number): void {
    this.#untilMs = this.#world.nowMs + forMs;
  }

  end(): void {
    this.#untilMs = 0;
  }

  loses(topic: string, isMarker: boolean): boolean {
    if (this.#world.nowMs >= this.#untilMs) return false;
    if (isMarker) {
      const isLost = this.#random.chance(0.8);
      this.#isCoordinatorsTurn ||= isLost;
      return isLost;
    }
    if (topic !== transactionsTopic || !this.#isCoordinatorsTurn) return false;
    this.#isCoordinatorsTurn = false;
    return true;
  }
}
