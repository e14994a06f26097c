/** One process of an application that copies by `exactlyOnce`. */
import type { Consumer } from "../../../src/client/consumer/consumer.ts";
import type { ConsumerConfigInput } from "../../../src/client/consumer-keys.ts";
import type { Kafka } from "../../../src/client/kafka.ts";
import type { Producer } from "../../../src/client/producer/producer.ts";
import type { Writable } from "../../../src/client/producer/record.ts";
import { type ExactlyOnceOptions, exactlyOnce } from "../../../src/client/transaction/exactly-once.ts";
import { unique } from "../broker.ts";

export type Process = ExactlyOnceOptions<Uint8Array, string, unknown, Writable, Writable, unknown>["process"];

/** To partition 0 of the target. */
export function copyTo(target: string): Process {
  return (records, tx) => tx.sendBatch(records.map(({ value }) => ({ topic: target, value, partition: 0 })));
}

export interface CopierOptions {
  readonly groupId: string;
  readonly topic: string;
  readonly process: Process;
  readonly transactionalId?: string;
  readonly transactionTimeoutMs?: number;
  /** Makes producers, in place of the one with `transactionalId`. */
  readonly makeProducer?: () => Producer;
  readonly config?: Omit<ConsumerConfigInput, "valueDeserializer">;
}

export class Copier implements AsyncDisposable {
  readonly consumer: Consumer<Uint8Array, string>;
  readonly ended: Promise<void>;
  readonly #abort = new AbortController();
  readonly #producer: Producer | undefined;

  constructor(kafka: Kafka, options: CopierOptions) {
    const { groupId, topic, process, makeProducer, config } = options;
    const { transactionalId = unique("copier"), transactionTimeoutMs = 60_000 } = options;
    this.consumer = kafka.consumer({
      groupId,
      enableAutoCommit: false,
      isolationLevel: "read_committed",
      autoOffsetReset: "earliest",
      ...config,
      valueDeserializer: "string",
    }) as Consumer<Uint8Array, string>;
    if (makeProducer === undefined) this.#producer = kafka.producer({ transactionalId, transactionTimeoutMs });
    this.ended = this.#run(topic, process, this.#producer ?? makeProducer!);
    this.ended.catch(() => {});
  }

  /** Once the transaction that is open has ended. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consumer.close();
    await this.ended.catch(() => {});
    await this.#producer?.close();
  }

  async #run(topic: string, process: Process, producer: Producer | (() => Producer)): Promise<void> {
    const { consumer } = this;
    await consumer.subscribe(topic);
    await exactlyOnce({ consumer, producer, process, signal: this.#abort.signal });
  }
}
