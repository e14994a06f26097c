/**
 * Coordinators that another has replaced. Who has not heard of it may answer reads, since a shared log has no lease:
 * what it tells may be old, but never older than when it was deposed. Who has heard of it answers no more.
 */
import type { BrokerNode } from "./broker-node.ts";
import type { Floor } from "./ledger.ts";

export interface Deposition {
  /** What had been acknowledged when another took over. */
  readonly floor: Floor;
  hasHeard: boolean;
}

export class Depositions {
  /** "broker/shard" */
  readonly #all = new Map<string, Deposition>();

  of(node: BrokerNode, shard: number): Deposition | undefined {
    return this.#all.get(`${node.id}/${shard}`);
  }

  begin(node: BrokerNode, shard: number, floor: Floor): void {
    this.#all.set(`${node.id}/${shard}`, { floor, hasHeard: false });
  }

  /** It leads again, or its process is over. */
  end(node: BrokerNode, shard: number): void {
    this.#all.delete(`${node.id}/${shard}`);
  }
}
