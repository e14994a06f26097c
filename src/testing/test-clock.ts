/** The broker's time in a test: the machine's, or one that moves when told. */
import type { Clock, Instant } from "../coordinator/clock.ts";
import { type Duration, milliseconds } from "./duration.ts";
import { turn } from "./real-time.ts";

export interface TestClock extends Clock {
  /**
   * Moves virtual time on, from one thing that is due to the next; between them clients get time to answer.
   * @throws when the clock is real.
   */
  advance(by: Duration): Promise<void>;
}

export interface VirtualClockOptions {
  /** Resolves when the sockets are quiet: nothing is asked or answered any more. */
  readonly quiet: () => Promise<void>;
  /** Moves the clients' timers by as much: `(ms) => mock.timers.tick(ms)`. */
  readonly tick: ((ms: number) => unknown) | undefined;
}

/** With clients whose timers move along, no step is longer: a heartbeat must not come late because of us. */
const stepWithTickMs = 100;

interface Alarm {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Starts at the machine's wall time, since clients put that into their records. */
export class VirtualClock implements TestClock {
  #nowMs = 0;
  readonly #epochMs = Date.now();
  /** In the order in which they were set; those of one moment ring in that order. */
  readonly #alarms = new Set<Alarm>();
  readonly #options: VirtualClockOptions;
  #advancing: Promise<void> = Promise.resolve();

  constructor(options: VirtualClockOptions) {
    this.#options = options;
  }

  now(): Instant {
    return { monotonicMs: this.#nowMs, wallMs: this.#epochMs + this.#nowMs };
  }

  after(delayMs: number, callback: () => void): () => void {
    const alarm = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#alarms.add(alarm);
    if (delayMs <= 0) void turn().then(() => this.#ring()); // what is due at once waits for no one to move the time
    return () => void this.#alarms.delete(alarm);
  }

  advance(by: Duration): Promise<void> {
    const ms = milliseconds(by);
    const advanced = this.#advancing.then(() => this.#advance(ms));
    this.#advancing = advanced.catch(() => undefined); // told to who asked for it
    return advanced;
  }

  async #advance(ms: number): Promise<void> {
    const { quiet, tick } = this.#options;
    const until = this.#nowMs + ms;
    await quiet();
    while (this.#nowMs < until) {
      const step = tick === undefined ? until : Math.min(until, this.#nowMs + stepWithTickMs);
      const next = this.#first(step)?.atMs ?? step;
      const movedMs = next - this.#nowMs;
      this.#nowMs = next;
      if (movedMs > 0) await tick?.(movedMs);
      this.#ring();
      await quiet();
    }
    this.#ring();
  }

  #ring(): void {
    for (let due = this.#first(this.#nowMs); due !== undefined; due = this.#first(this.#nowMs)) {
      this.#alarms.delete(due);
      due.callback();
    }
  }

  #first(untilMs: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.atMs <= untilMs && (first === undefined || alarm.atMs < first.atMs)) first = alarm;
    }
    return first;
  }
}

/** Rings when it is due by the one clock or by the other. */
export function earlierOf(clock: Clock, other: Clock): Clock {
  return {
    now: () => clock.now(),
    after(delayMs, callback) {
      const ring = () => {
        cancel();
        callback();
      };
      const cancels = [clock.after(delayMs, ring), other.after(delayMs, ring)];
      const cancel = () => {
        for (const one of cancels) one();
      };
      return cancel;
    },
  };
}

export function realTime(clock: Clock): TestClock {
  return {
    now: () => clock.now(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
    advance: async () => {
      throw new Error("the broker runs in real time: start it with clock: 'virtual' to advance it");
    },
  };
}

/** The time of one life of the broker: when it crashes, nothing that it had planned happens any more. */
export class MortalClock implements Clock {
  readonly #clock: Clock;
  readonly #pending = new Set<() => void>();
  #isDead = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): Instant {
    return this.#clock.now();
  }

  after(delayMs: number, callback: () => void): () => void {
    if (this.#isDead) return () => undefined;
    const cancel = this.#clock.after(delayMs, () => {
      this.#pending.delete(cancel);
      callback();
    });
    this.#pending.add(cancel);
    return () => {
      this.#pending.delete(cancel);
      cancel();
    };
  }

  die(): void {
    this.#isDead = true;
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
  }
}
