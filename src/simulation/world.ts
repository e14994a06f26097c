/** Time, chance and the order of things. Nothing but the seed decides what happens in it. */
import type { Platform } from "../protocol/platform.ts";
import { EventQueue, type SimulatedEvent } from "./events.ts";
import { Random } from "./random.ts";
import { Trace } from "./trace.ts";

/** Something happened that must not. */
export class Violation extends Error {
  override readonly name = "Violation";
  /** Which invariant; the same for all seeds that find the same. */
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

export interface WorldOptions {
  readonly seed: number;
  /** Resolves when every promise that can go on has gone on: a turn of the event loop. */
  readonly turn: () => Promise<void>;
  /** Whether a story is written. */
  readonly isTold: boolean;
  readonly platform: Platform;
}

export class World {
  readonly random: Random;
  readonly trace: Trace;
  readonly platform: Platform;
  /** Milliseconds since the world began. */
  nowMs = 0;
  events = 0;
  violation: Violation | undefined;
  readonly #queue = new EventQueue();
  readonly #turn: () => Promise<void>;
  #isAsync = false;

  constructor({ seed, turn, isTold, platform }: WorldOptions) {
    this.platform = platform;
    this.random = new Random(seed);
    this.trace = new Trace(isTold);
    this.#turn = turn;
  }

  after(delayMs: number, run: () => void): SimulatedEvent {
    return this.at(this.nowMs + Math.max(0, delayMs), run);
  }

  /** @param ms not before now */
  at(ms: number, run: () => void): SimulatedEvent {
    return this.#queue.add(ms, run);
  }

  /** Code with promises was called: they go on before anything else happens. */
  wentAsync(): void {
    this.#isAsync = true;
  }

  violated(invariant: string, message: string): void {
    if (this.violation !== undefined) return;
    this.violation = new Violation(invariant, message);
    this.tell(() => `VIOLATION ${this.violation!.message}`);
  }

  /** Whether somebody reads the story: what happens most often asks first. */
  get isTold(): boolean {
    return this.trace.story !== undefined;
  }

  /** A line of the story; made only when somebody reads it. */
  tell(line: () => string): void {
    this.trace.story?.push(`${inClock(this.nowMs)}  ${line()}`);
  }

  /** Lets things happen until that time, or the first violation. */
  async runUntil(untilMs: number): Promise<void> {
    await this.#turn();
    let isOver = false;
    const end = this.after(untilMs - this.nowMs, () => {
      isOver = true;
    });
    while (!isOver && this.violation === undefined) {
      const event = this.#queue.next()!;
      this.nowMs = event.atMs;
      this.events++;
      const { run } = event;
      event.run = undefined;
      if (event !== end) this.trace.number(event.atMs);
      run!();
      if (!this.#isAsync) continue;
      await this.#turn();
      this.#isAsync = false; // what went on meanwhile was part of it
    }
    end.run = undefined;
  }
}

function inClock(ms: number): string {
  const parts = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
  const clock = parts.map((part) => String(part).padStart(2, "0")).join(":");
  return `${clock}.${String(Math.floor(ms) % 1000).padStart(3, "0")}`;
}
