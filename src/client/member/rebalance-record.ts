import type { MemberRebalanceCompleted } from "./member-fact.ts";
import { keyOf, type Partitions } from "./partitions.ts";

type Told = Pick<MemberRebalanceCompleted, "reason" | "fromGeneration" | "durationMs" | "revoked" | "lost" | "pauses">;

/** What changed for a member since it was last Stable. */
export class RebalanceRecord {
  #started: { readonly reason: string; readonly fromGeneration: number; readonly atMs: number } | undefined;
  #revoked: Partitions = [];
  #lost: Partitions = [];
  /** When partitions were last read. */
  readonly #stoppedMs = new Map<string, number>();

  /** @returns whether it starts now; a round that is given up is part of the same rebalance */
  start(reason: string, fromGeneration: number, atMs: number): boolean {
    if (this.#started !== undefined) return false;
    this.#started = { reason, fromGeneration, atMs };
    return true;
  }

  stopped(how: "revoke" | "lose", partitions: Partitions, atMs: number): void {
    if (how === "revoke") this.#revoked = [...this.#revoked, ...partitions];
    else this.#lost = [...this.#lost, ...partitions];
    for (const each of partitions) this.#stoppedMs.set(keyOf(each), atMs);
  }

  /** @param kept what was read all the time; @param added what is read from now on */
  completed(kept: Partitions, added: Partitions, atMs: number): Told {
    const { reason, fromGeneration, atMs: startedMs } = this.#started!;
    const back = added.filter((each) => this.#stoppedMs.has(keyOf(each)));
    const pauses = [
      ...kept.map((each) => ({ ...each, pauseMs: 0 })),
      ...back.map((each) => ({ ...each, pauseMs: atMs - this.#stoppedMs.get(keyOf(each))! })),
    ];
    const told = {
      reason,
      fromGeneration,
      durationMs: atMs - startedMs,
      revoked: this.#revoked,
      lost: this.#lost,
      pauses,
    };
    this.forget();
    return told;
  }

  /** The member is out of the group by its own will: no rebalance is under way for it. */
  forget(): void {
    this.#started = undefined;
    this.#revoked = [];
    this.#lost = [];
    this.#stoppedMs.clear();
  }
}
