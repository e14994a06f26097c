/** A process with a clock of its own, which drifts and jumps; it may stand still for a while, and die. */
import type { Clock, Instant } from "../coordinator/clock.ts";
import type { World } from "./world.ts";

/** 2026-01-01T10:00:00Z */
const epochMs = 1_767_261_600_000;

export interface ClockFaults {
  /** Milliseconds that it counts in one; 1: it is right. */
  readonly rate: number;
  /** What its wall clock is ahead. */
  readonly wallAheadMs: number;
}

export class Process implements Clock {
  readonly name: string;
  readonly world: World;
  isAlive = true;
  wallAheadMs: number;
  readonly #rate: number;
  readonly #startedMs: number;
  #stalledUntilMs = 0;
  /** How many of its alarms are still to ring. */
  alarms = 0;

  constructor(world: World, name: string, { rate, wallAheadMs }: ClockFaults) {
    this.world = world;
    this.name = name;
    this.wallAheadMs = wallAheadMs;
    this.#rate = rate;
    this.#startedMs = world.nowMs;
  }

  now(): Instant {
    const elapsedMs = (this.world.nowMs - this.#startedMs) * this.#rate;
    return { monotonicMs: 1000 + elapsedMs, wallMs: Math.floor(epochMs + this.world.nowMs + this.wallAheadMs) };
  }

  after(delayMs: number, callback: () => void): () => void {
    // As real alarms it rings a little late, never early: its time has come on the clock of this process.
    const inMs = delayMs <= 0 ? 0 : delayMs / this.#rate + 0.001;
    let isSet = true;
    this.alarms++;
    const ring = () => {
      if (!isSet || !this.isAlive) return;
      // Who stands still has not heard it ring, and may call it off.
      if (this.isStalled) return void this.world.at(this.#stalledUntilMs, ring);
      isSet = false;
      this.alarms--;
      callback();
    };
    const event = this.world.after(inMs, ring);
    return () => {
      if (isSet) this.alarms--;
      isSet = false;
      event.run = undefined;
    };
  }

  /** Something reaches the process: at once, when it runs again, or never. */
  deliver(run: () => void): void {
    if (!this.isAlive) return;
    if (this.isStalled) this.world.at(this.#stalledUntilMs, () => this.deliver(run));
    else run();
  }

  /** As a pause of its garbage collector, or a machine that is put to sleep. */
  stall(forMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.world.nowMs + forMs);
  }

  get isStalled(): boolean {
    return this.#stalledUntilMs > this.world.nowMs;
  }

  die(): void {
    this.isAlive = false;
  }
}
