/** Which broker coordinates which group (KIP-699). */
import { FindCoordinator } from "../protocol/apis/find-coordinator.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { backoffMs } from "./backoff.ts";
import type { BrokerNode, Cluster } from "./cluster.ts";
import { brokerError } from "./errors.ts";
import { type Call, delay, nowMs, within } from "./wait.ts";

const groupKeyType = 0;

export class Coordinators {
  readonly #cluster: Cluster;
  readonly #onNode: (node: BrokerNode) => void;
  readonly #nodeIds = new Map<string, number>();
  readonly #asking = new Map<string, Promise<number>>();

  /** @param onNode told where a coordinator listens: metadata may not know it yet. */
  constructor(cluster: Cluster, onNode: (node: BrokerNode) => void) {
    this.#cluster = cluster;
    this.#onNode = onNode;
  }

  known(group: string): number | undefined {
    return this.#nodeIds.get(group);
  }

  gone(group: string): void {
    this.#nodeIds.delete(group);
  }

  /** A group that several calls ask for at once is asked for once. */
  of(group: string, call: Call): Promise<number> {
    const known = this.#nodeIds.get(group);
    if (known !== undefined) return Promise.resolve(known);
    let asking = this.#asking.get(group);
    if (asking === undefined) {
      asking = this.#find(group, call).finally(() => this.#asking.delete(group));
      this.#asking.set(group, asking);
    }
    const timedOut = () => brokerError(ErrorCode.COORDINATOR_NOT_AVAILABLE, `group ${group}: no coordinator in time`);
    return within(asking, call, timedOut);
  }

  /** While the coordinator is being elected, and __consumer_offsets made, brokers ask to be asked again. */
  async #find(group: string, { deadlineMs }: Call): Promise<number> {
    const { retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = this.#cluster.config;
    for (let failures = 0; ; failures++) {
      const found = await this.#ask(group);
      if (found.errorCode === ErrorCode.NONE) {
        this.#onNode({ ...found, rack: null });
        this.#nodeIds.set(group, found.nodeId);
        return found.nodeId;
      }
      const error = brokerError(found.errorCode, `group ${group}: find coordinator`, found.errorMessage);
      const pauseMs = backoffMs({ initialMs, maxMs }, failures);
      if (!error.retriable || nowMs() + pauseMs > deadlineMs) throw error;
      await delay(pauseMs);
    }
  }

  async #ask(group: string) {
    const answer = await this.#cluster.send("any", FindCoordinator, (version) =>
      version < 4 ? { key: group, keyType: groupKeyType } : { coordinatorKeys: [group], keyType: groupKeyType },
    );
    return answer.coordinators[0] ?? answer;
  }
}
