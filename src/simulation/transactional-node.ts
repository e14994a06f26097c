/** A transactional producer that dies, comes back, and now and then is there twice. */
import type { Cluster } from "./cluster.ts";
import type { TransactionalPlan } from "./plan.ts";
import { TransactionalRun } from "./transactional-run.ts";

const restartAfterMs = 1000;

export class TransactionalNode {
  readonly plan: TransactionalPlan;
  readonly #cluster: Cluster;
  /** The last is the one that is wanted; others are on their way out. */
  readonly #runs: TransactionalRun[] = [];
  #isToEnd = false;

  constructor(plan: TransactionalPlan, cluster: Cluster) {
    this.plan = plan;
    this.#cluster = cluster;
  }

  /** Another process under the same transactional id, whatever became of those before. */
  start(): void {
    if (this.#isToEnd) return;
    const run = new TransactionalRun(this.plan, this.#runs.length + 1, this.#cluster);
    this.#runs.push(run);
    run.start((ended) => {
      if (ended === this.#runs.at(-1)) this.#cluster.world.after(restartAfterMs, () => this.start());
    });
  }

  /** Without a word: its transaction stays open. */
  die(backAfterMs: number | null): void {
    for (const run of this.#runs) if (!run.isOver) run.die();
    if (backAfterMs !== null) this.#cluster.world.after(backAfterMs, () => this.start());
  }

  stall(forMs: number): void {
    this.#runs.at(-1)?.process.stall(forMs);
  }

  /** The transaction of now is the last. */
  end(): void {
    this.#isToEnd = true;
    for (const run of this.#runs) run.isToEnd = true;
  }

  get isBusy(): boolean {
    return this.#runs.some(({ isOver }) => !isOver);
  }
}
