/** Carries the end of a transaction into its partitions, again and again until it stands in each of them (KIP-98). */
import type { Clock } from "../coordinator/clock.ts";
import type { TransactionMarker } from "../coordinator/machine.ts";
import { ErrorCode, errorName } from "../protocol/errors.ts";
import type { MarkersWanted } from "../transaction/facts.ts";
import type { MarkersWritten } from "../transaction/requests.ts";
import type { Logger, Outcome } from "./context.ts";

export type WriteMarker = (topic: string, partition: number, marker: TransactionMarker) => Promise<ErrorCode>;

export interface MarkerWriterOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly write: WriteMarker;
  /** Is the partition of `__transaction_state` still led under this epoch? Who leads it next begins anew. */
  readonly isCurrent: (partition: number, coordinatorEpoch: number) => boolean;
  readonly written: (
    partition: number,
    transaction: MarkersWritten,
  ) => Promise<Outcome<{ readonly errorCode: ErrorCode }>>;
}

/** Between two attempts to write what could not be written. */
const retryPauseMs = 100;

export class MarkerWriter {
  readonly #options: MarkerWriterOptions;
  readonly #pauses = new Set<() => void>();
  /** By transactional id, the last time that its markers were asked for: only that one is still at work. */
  readonly #runs = new Map<string, symbol>();

  constructor(options: MarkerWriterOptions) {
    this.#options = options;
  }

  /**
   * Writes the markers of one transaction and tells its coordinator when they are durable. A shard that failed and is
   * loaded again asks anew under the same epoch: a late marker of the first time would end the next transaction.
   */
  begin(partition: number, coordinatorEpoch: number, wanted: MarkersWanted): void {
    const { transactionalId } = wanted;
    const run = Symbol(transactionalId);
    this.#runs.set(transactionalId, run);
    const isLast = () => this.#runs.get(transactionalId) === run;
    const isWanted = () => isLast() && this.#options.isCurrent(partition, coordinatorEpoch);
    this.#run(partition, coordinatorEpoch, wanted, isWanted)
      .catch((error) => {
        const message = `the markers of transaction ${transactionalId} cannot be written`;
        this.#options.logger.error({ err: error, transactionalId }, message);
      })
      .finally(() => {
        if (isLast()) this.#runs.delete(transactionalId);
      });
  }

  /** The broker stops and its coordinators lead nothing any more: who pauses sees it now, and ends. */
  stop(): void {
    for (const end of [...this.#pauses]) end();
  }

  async #run(partition: number, coordinatorEpoch: number, wanted: MarkersWanted, isWanted: () => boolean) {
    const { result: type, producerId, producerEpoch, transactionVersion, transactionalId } = wanted;
    const marker = { type, producerId, producerEpoch, coordinatorEpoch, transactionVersion };
    const transaction = { transactionalId, producerId, producerEpoch };
    let left = wanted.topics.flatMap(({ name, partitions }) => partitions.map((index) => ({ name, index })));
    while (left.length > 0 && isWanted()) {
      const errors = await Promise.all(left.map(({ name, index }) => this.#options.write(name, index, marker)));
      left = left.filter((_, at) => !isDone(errors[at]!));
      if (left.length === 0) break;
      await this.#options.written(partition, { ...transaction, left: byTopic(left) });
      const fenced = errors.find(isFenced);
      if (fenced !== undefined) return this.#giveUp(wanted, fenced);
      if (isWanted()) await this.#pause();
    }
    while (isWanted()) {
      const outcome = await this.#options.written(partition, { ...transaction, left: [] });
      // A shard that is not there has lost its state; it asks for the markers again when it is loaded.
      if (!outcome.ok || outcome.reply.errorCode === ErrorCode.NONE) return;
      if (isWanted()) await this.#pause();
    }
  }

  /** The producer, or the coordinator, has a newer epoch there: what comes of the transaction is decided elsewhere. */
  #giveUp({ transactionalId, producerId, producerEpoch }: MarkersWanted, errorCode: ErrorCode): void {
    const fields = { transactionalId, producerId, producerEpoch, error: errorName(errorCode) };
    this.#options.logger.warn(fields, `a marker of transaction ${transactionalId} is refused for good`);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const cancel = this.#options.clock.after(retryPauseMs, end);
      this.#pauses.add(end);
    });
  }
}

function byTopic(partitions: readonly { readonly name: string; readonly index: number }[]) {
  return Array.from(
    Map.groupBy(partitions, ({ name }) => name),
    ([name, of]) => {
      return { name, partitions: of.map(({ index }) => index) };
    },
  );
}

/** The topic is gone: nothing is left to end there. */
function isDone(errorCode: ErrorCode): boolean {
  return errorCode === ErrorCode.NONE || errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}

function isFenced(errorCode: ErrorCode): boolean {
  return errorCode === ErrorCode.INVALID_PRODUCER_EPOCH || errorCode === ErrorCode.TRANSACTION_COORDINATOR_FENCED;
}
