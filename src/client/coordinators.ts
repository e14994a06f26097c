/** Which broker coordinates which group, and the transactions of which transactional id (KIP-98, KIP-699). */
import { FindCoordinator } from "../protocol/apis/find-coordinator.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { backoffMs } from "./backoff.ts";
import type { BrokerNode, Cluster, Coordinated } from "./cluster.ts";
import { brokerError } from "./errors.ts";
import { type Call, delay, nowMs, within } from "./wait.ts";

const keyTypes = { group: 0, transaction: 1 } as const;

export class Coordinators {
  readonly #cluster: Cluster;
  readonly #onNode: (node: BrokerNode) => void;
  /** By `nameOf`. */
  readonly #nodeIds = new Map<string, number>();
  readonly #asking = new Map<string, Promise<number>>();

  /** @param onNode told where a coordinator listens: metadata may not know it yet. */
  constructor(cluster: Cluster, onNode: (node: BrokerNode) => void) {
    this.#cluster = cluster;
    this.#onNode = onNode;
  }

  known(what: Coordinated): number | undefined {
    return this.#nodeIds.get(nameOf(what));
  }

  gone(what: Coordinated): void {
    this.#nodeIds.delete(nameOf(what));
  }

  /** What several calls ask for at once is asked for once. */
  of(what: Coordinated, call: Call): Promise<number> {
    const name = nameOf(what);
    const known = this.#nodeIds.get(name);
    if (known !== undefined) return Promise.resolve(known);
    let asking = this.#asking.get(name);
    if (asking === undefined) {
      asking = this.#find(what, call).finally(() => this.#asking.delete(name));
      this.#asking.set(name, asking);
    }
    const timedOut = () => brokerError(ErrorCode.COORDINATOR_NOT_AVAILABLE, `${name}: no coordinator in time`);
    return within(asking, call, timedOut);
  }

  /** While the coordinator is being elected, and its topic made, brokers ask to be asked again. */
  async #find(what: Coordinated, { deadlineMs }: Call): Promise<number> {
    const { retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = this.#cluster.config;
    const name = nameOf(what);
    for (let failures = 0; ; failures++) {
      const found = await this.#ask(what);
      if (found.errorCode === ErrorCode.NONE) {
        this.#onNode({ ...found, rack: null });
        this.#nodeIds.set(name, found.nodeId);
        return found.nodeId;
      }
      const error = brokerError(found.errorCode, `${name}: find coordinator`, found.errorMessage);
      const pauseMs = backoffMs({ initialMs, maxMs }, failures);
      if (!error.retriable || nowMs() + pauseMs > deadlineMs) throw error;
      await delay(pauseMs);
    }
  }

  async #ask(what: Coordinated) {
    const [key, keyType] =
      "group" in what ? [what.group, keyTypes.group] : [what.transactionalId, keyTypes.transaction];
    const answer = await this.#cluster.send("any", FindCoordinator, (version) =>
      version < 4 ? { key, keyType } : { coordinatorKeys: [key], keyType },
    );
    return answer.coordinators[0] ?? answer;
  }
}

/** As errors name it. */
export function nameOf(what: Coordinated): string {
  return "group" in what ? `group ${what.group}` : `transactional.id ${what.transactionalId}`;
}
