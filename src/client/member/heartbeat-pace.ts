/**
 * When the next heartbeat is due. A rebalance seldom comes alone: a cooperative one has a second round, which begins
 * when the first member has given up what it was to give up, and all others stand still until they hear of it. So after
 * a sync the first heartbeats come early, and each waits twice as long as the one before, up to
 * heartbeat.interval.ms: whoever takes t to give up its partitions is heard of by t later.
 *
 * A group's early heartbeats are spread over a time that grows with its size, so that however many members there are,
 * their coordinator has about two of them a millisecond to answer; above some thousands of members none is early.
 */
const earliestMs = 10;
const perMemberMs = 1;

export class HeartbeatPace {
  dueMs = Number.POSITIVE_INFINITY;
  #delayMs: number;
  readonly #intervalMs: number;
  readonly #random: () => number;

  constructor(intervalMs: number, random: () => number) {
    this.#intervalMs = intervalMs;
    this.#delayMs = intervalMs;
    this.#random = random;
  }

  /** @param members how many the group has, about. */
  hurry(nowMs: number, members: number): void {
    this.#delayMs = Math.min(Math.max(earliestMs, Math.ceil(members * perMemberMs)), this.#intervalMs);
    this.dueMs = nowMs + this.#spread();
  }

  calm(nowMs: number): void {
    this.#delayMs = this.#intervalMs;
    this.dueMs = nowMs + this.#intervalMs;
  }

  now(nowMs: number): void {
    this.dueMs = nowMs;
  }

  /** A heartbeat that the coordinator held back longer than the delay is followed by the next at once. */
  answered(sentMs: number, nowMs: number): void {
    this.#delayMs = Math.min(2 * this.#delayMs, this.#intervalMs);
    const delayMs = this.#delayMs < this.#intervalMs ? this.#spread() : this.#intervalMs;
    this.dueMs = Math.max(nowMs, sentMs + delayMs);
  }

  #spread(): number {
    return Math.ceil(this.#delayMs * (0.5 + 0.5 * this.#random()));
  }
}
