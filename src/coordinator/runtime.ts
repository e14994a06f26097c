/**
 * The shards of one replicated topic that this broker leads: which are loaded, under which leader epoch, and the way
 * to them. A shard that fails is dropped and loaded again from its log.
 */
import type { PartitionLog } from "../log/log.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { Requests } from "./machine.ts";
import { type MaybePromise, Shard, type ShardOptions, type ShardState, type Submitted } from "./shard.ts";

export interface RuntimeOptions<Q extends Requests, Record, TimerPurpose, Fact>
  extends Omit<
    ShardOptions<Q, Record, TimerPurpose, Fact>,
    "machine" | "onFact" | "onFailure" | "log" | "leaderEpoch"
  > {
  readonly machine: (partition: number) => ReturnType<ShardOptions<Q, Record, TimerPurpose, Fact>["machine"]>;
  readonly onFact: (fact: Fact, partition: number) => void;
  /** A shard failed; it is loaded again, and nothing more is told while that fails for the same reason. */
  readonly onFailure: (partition: number, error: unknown) => void;
  /** A shard that had failed takes requests again. */
  readonly onRecovered?: (partition: number) => void;
}

/** Before a shard that failed is loaded again; twice as long after each load in a row that failed. */
const reloadBackoff = { initialMs: 1000, maxMs: 60_000 };

/** Failures of a shard since it last took requests. */
interface Trouble {
  readonly count: number;
  readonly reason: string;
}

export class Runtime<Q extends Requests, Record, TimerPurpose, Fact> {
  readonly #options: RuntimeOptions<Q, Record, TimerPurpose, Fact>;
  readonly #shards = new Map<number, Shard<Q, Record, TimerPurpose, Fact>>();
  readonly #reloads = new Map<number, () => void>();
  readonly #troubles = new Map<number, Trouble>();

  constructor(options: RuntimeOptions<Q, Record, TimerPurpose, Fact>) {
    this.#options = options;
  }

  /**
   * Starts to lead a partition: loads its shard. Resolves when the shard takes requests (or gave up). An epoch that is
   * not newer than the one at work changes nothing.
   */
  async load(partition: number, log: PartitionLog, leaderEpoch: number): Promise<void> {
    const current = this.#shards.get(partition);
    if (current !== undefined && current.state !== "closed" && current.leaderEpoch >= leaderEpoch) return;
    current?.close(ErrorCode.NOT_COORDINATOR);
    this.#cancelReload(partition);
    const { machine, onFact, clock, rng, platform, codec } = this.#options;
    const shard = new Shard<Q, Record, TimerPurpose, Fact>({
      clock,
      rng,
      platform,
      codec,
      log,
      leaderEpoch,
      machine: () => machine(partition),
      onFact: (fact) => onFact(fact, partition),
      onFailure: (error) => this.#failed(partition, log, leaderEpoch, error),
    });
    this.#shards.set(partition, shard);
    await shard.load();
    if (shard.state === "active") this.#isUp(partition);
  }

  /** Stops to lead a partition. A leader epoch older than the one at work changes nothing. */
  unload(partition: number, leaderEpoch: number): void {
    const shard = this.#shards.get(partition);
    if (shard === undefined || shard.leaderEpoch > leaderEpoch) return;
    this.#cancelReload(partition);
    this.#troubles.delete(partition);
    shard.close(ErrorCode.NOT_COORDINATOR);
    this.#shards.delete(partition);
  }

  /** Answers all that is parked with NOT_COORDINATOR, which makes clients look for the coordinator again. */
  stop(): void {
    for (const partition of [...this.#shards.keys()]) this.unload(partition, Number.POSITIVE_INFINITY);
  }

  state(partition: number): ShardState | undefined {
    return this.#shards.get(partition)?.state;
  }

  /** Partitions that this broker leads, loaded or not. */
  partitions(): number[] {
    return [...this.#shards.keys()];
  }

  /** @returns the reply, or the error of a shard that loads (14), is not led here or was lost meanwhile (16). */
  submit<K extends keyof Q>(
    partition: number,
    type: K,
    request: Q[K]["request"],
  ): MaybePromise<Submitted<Q[K]["reply"]>> {
    const shard = this.#shards.get(partition);
    if (shard === undefined) return { ok: false, errorCode: ErrorCode.NOT_COORDINATOR };
    return shard.submit(type, request);
  }

  #failed(partition: number, log: PartitionLog, leaderEpoch: number, error: unknown): void {
    const { clock, onFailure } = this.#options;
    const { count, reason } = this.#troubles.get(partition) ?? { count: 0, reason: undefined };
    this.#troubles.set(partition, { count: count + 1, reason: String(error) });
    if (String(error) !== reason) onFailure(partition, error);
    const delayMs = Math.min(reloadBackoff.initialMs * 2 ** count, reloadBackoff.maxMs);
    const cancel = clock.after(delayMs, () => {
      this.#reloads.delete(partition);
      void this.load(partition, log, leaderEpoch);
    });
    this.#reloads.set(partition, cancel);
  }

  #isUp(partition: number): void {
    if (this.#troubles.delete(partition)) this.#options.onRecovered?.(partition);
  }

  #cancelReload(partition: number): void {
    this.#reloads.get(partition)?.();
    this.#reloads.delete(partition);
  }
}
