/** Producer id and epoch of an idempotent producer (KIP-98): asked for once, raised when a sequence has a hole. */
import { InitProducerId } from "../../protocol/apis/init-producer-id.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Cluster } from "../cluster.ts";
import { brokerError, KafkaError } from "../errors.ts";

/** The epoch is an int16; the last one is never used, as in Kafka. */
const lastEpoch = 32_766;

export interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export class ProducerIdentity {
  readonly #cluster: Cluster;
  #identity: Identity | undefined;
  #asking: Promise<void> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get current(): Identity | undefined {
    return this.#identity;
  }

  /**
   * Asks any broker for a producer id; calls while it asks share the answer.
   * @throws {KafkaError} retriable or not, as the broker says.
   */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** The next epoch of the same id; without one left, the id is given up and a new one must be asked for. */
  raise(): void {
    const before = this.#identity;
    if (before === undefined) return;
    const { producerId, producerEpoch } = before;
    this.#identity = producerEpoch < lastEpoch ? { producerId, producerEpoch: producerEpoch + 1 } : undefined;
  }

  async #ask(): Promise<void> {
    const request = { transactionalId: null, transactionTimeoutMs: 2 ** 31 - 1 };
    const { errorCode, producerId, producerEpoch } = await this.#cluster.send("any", InitProducerId, request, {
      versions: [0, 5],
    });
    if (errorCode !== ErrorCode.NONE) throw brokerError(errorCode, "InitProducerId");
    this.#identity = { producerId, producerEpoch };
  }
}

export const isPassing = (error: unknown): boolean => error instanceof KafkaError && error.retriable;
