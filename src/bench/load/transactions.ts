/** Producers that write transactions one after the other, each with a connection and a transactional id of its own. */
import { setTimeout as pause } from "node:timers/promises";
import { nodePlatform } from "../../platform/node-platform.ts";
import { EndTxn } from "../../protocol/apis/end-txn.ts";
import { FindCoordinator } from "../../protocol/apis/find-coordinator.ts";
import { InitProducerId } from "../../protocol/apis/init-producer-id.ts";
import { Produce } from "../../protocol/apis/produce.ts";
import { ErrorCode, errorName } from "../../protocol/errors.ts";
import { encodeBatch } from "../../protocol/records/encode.ts";
import { Latencies, nowMs } from "./latencies.ts";
import { makeTopic } from "./topic.ts";
import { openWires, type Wire } from "./wire.ts";

export interface TransactionOptions {
  readonly server: string;
  readonly topic: string;
  readonly producers: number;
  /** Of a transaction, and … */
  readonly partitions: number;
  /** … in each of them. */
  readonly records: number;
  readonly valueBytes: number;
  /** Transactions that each producer begins in a second, if it can; 0: one after the other. */
  readonly rate: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export const transactionDefaults = {
  producers: 1,
  partitions: 1,
  records: 1,
  valueBytes: 100,
  rate: 0,
  warmUpSeconds: 1,
  seconds: 3,
} as const satisfies Partial<TransactionOptions>;

/** As the Java client does since transaction.version 2: nothing is added beforehand, each end brings an epoch. */
const [produceVersion, endVersion] = [12, 5];
const busy: readonly number[] = [
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
];
/** The Java client's, while the transaction before is being completed. */
const busyPauseMs = 20;

class TransactionalProducer {
  readonly #wire: Wire;
  readonly #transactionalId: string;
  readonly #options: TransactionOptions;
  readonly #value: Uint8Array;
  #producerId = -1;
  #producerEpoch = -1;

  constructor(wire: Wire, transactionalId: string, options: TransactionOptions) {
    this.#wire = wire;
    this.#transactionalId = transactionalId;
    this.#options = options;
    this.#value = new Uint8Array(options.valueBytes).fill(120);
  }

  async init(): Promise<void> {
    const transactionalId = this.#transactionalId;
    await untilNotBusy(() => this.#wire.ask(FindCoordinator, 3, { key: transactionalId, keyType: 1 }));
    const request = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
    this.#goOn(await untilNotBusy(() => this.#wire.ask(InitProducerId, 4, request)));
  }

  /** @returns milliseconds that the commit took. */
  async transact(): Promise<number> {
    const topicData = [{ name: this.#options.topic, partitionData: this.#partitionData() }];
    const request = { transactionalId: this.#transactionalId, acks: -1, timeoutMs: 30_000, topicData };
    await untilNotBusy(async () => {
      const { responses } = await this.#wire.ask(Produce, produceVersion, request);
      const partitions = responses[0]!.partitionResponses;
      return partitions.find(({ errorCode }) => errorCode !== ErrorCode.NONE) ?? partitions[0]!;
    });
    const fromMs = nowMs();
    const producer = { producerId: this.#producerId, producerEpoch: this.#producerEpoch };
    const end = { transactionalId: this.#transactionalId, ...producer, committed: true };
    this.#goOn(await untilNotBusy(() => this.#wire.ask(EndTxn, endVersion, end)));
    return nowMs() - fromMs;
  }

  #partitionData() {
    const { partitions, records } = this.#options;
    const timestamp = Date.now();
    const all = Array.from({ length: records }, () => ({ key: null, value: this.#value, timestamp }));
    const producer = { producerId: this.#producerId, producerEpoch: this.#producerEpoch, baseSequence: 0 };
    const bytes = encodeBatch({ records: all, ...producer, transactional: true }, nodePlatform);
    return Array.from({ length: partitions }, (_, index) => ({ index, records: bytes }));
  }

  #goOn({ producerId, producerEpoch }: { readonly producerId: number; readonly producerEpoch: number }): void {
    this.#producerId = producerId;
    this.#producerEpoch = producerEpoch;
  }
}

/** @throws what is answered beside NONE and that the coordinator is busy. */
async function untilNotBusy<T extends { readonly errorCode: number }>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer.errorCode === ErrorCode.NONE) return answer;
    if (!busy.includes(answer.errorCode))
      throw new Error(`a transaction failed: ${errorName(answer.errorCode as ErrorCode)}`);
    await pause(busyPauseMs);
  }
}

export async function transactions(options: TransactionOptions) {
  const { server, topic, producers, partitions, rate, warmUpSeconds, seconds } = options;
  await makeTopic(server, topic, partitions);
  const wires = await openWires(server, producers);
  const all = wires.map((wire, at) => new TransactionalProducer(wire, `${topic}-${at}`, options));
  for (const producer of all) await producer.init();
  const commits = new Latencies();
  const beginMs = nowMs() + warmUpSeconds * 1000;
  const endMs = beginMs + seconds * 1000;
  const drive = async (producer: TransactionalProducer, at: number) => {
    const periodMs = rate === 0 ? 0 : 1000 / rate;
    const firstMs = nowMs() + (at * periodMs) / producers; // each has its own turns, also after one that took long
    let turn = -1;
    while (nowMs() < endMs) {
      if (rate > 0) {
        turn = Math.max(turn + 1, Math.ceil((nowMs() - firstMs) / periodMs));
        await pause(firstMs + turn * periodMs - nowMs());
      }
      const fromMs = nowMs();
      const commitMs = await producer.transact();
      if (fromMs >= beginMs && nowMs() < endMs) commits.add(commitMs);
    }
  };
  await Promise.all(all.map(drive));
  for (const wire of wires) wire.close();
  return { perSecond: commits.count / seconds, ...commits.percentiles() };
}
