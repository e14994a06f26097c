/** A producer that is idempotent: it sends a batch again until it is acknowledged, and then the next. */
import { InitProducerId } from "../protocol/apis/init-producer-id.ts";
import { Produce } from "../protocol/apis/produce.ts";
import { ErrorCode, errorName } from "../protocol/errors.ts";
import { encodeBatch } from "../protocol/records/batch.ts";
import { ClientLink } from "./client-link.ts";
import type { Cluster } from "./cluster.ts";
import type { ProducerPlan } from "./plan.ts";
import { Process } from "./process.ts";
import { textBytes } from "./records.ts";

const timeoutMs = 5000;
const againMs = 300;
/** What an idempotent producer may never hear, since it has done nothing to deserve it. */
const impossible: ReadonlySet<number> = new Set([
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.CORRUPT_MESSAGE,
]);

export class ProducerNode {
  readonly plan: ProducerPlan;
  readonly #cluster: Cluster;
  readonly #process: Process;
  readonly #link: ClientLink;
  #producerId = -1;
  #sent = 0;
  #isOver = false;
  /** What was acknowledged: the text of the record by its offset. */
  readonly acknowledged = new Map<number, string>();
  /** An answer is awaited, or the batch is to be sent again. */
  isBusy = false;

  constructor(plan: ProducerPlan, cluster: Cluster) {
    this.plan = plan;
    this.#cluster = cluster;
    this.#process = new Process(cluster.world, plan.name, { rate: 1, wallAheadMs: 0 });
    this.#link = new ClientLink(this.#process, cluster.network, cluster.requests);
  }

  start(): void {
    const body = { transactionalId: null, transactionTimeoutMs: 60_000 };
    this.#ask({ api: InitProducerId, version: 4, body, timeoutMs }, (response) => {
      if (response?.errorCode !== ErrorCode.NONE) return void this.#process.after(againMs, () => this.start());
      this.#producerId = response.producerId;
      this.#next();
    });
  }

  /** No new batch is begun. */
  end(): void {
    this.#isOver = true;
  }

  #next(): void {
    this.#process.after(this.plan.intervalMs, () => {
      if (this.#isOver) return;
      this.isBusy = true;
      this.#send(this.#sent++);
    });
  }

  #send(number: number): void {
    const { topic, partition, name } = this.plan;
    const text = `${name} ${number}`;
    const records = encodeBatch(
      {
        records: [{ key: null, value: textBytes(text), timestamp: this.#process.now().wallMs }],
        producerId: this.#producerId,
        producerEpoch: 0,
        baseSequence: number,
      },
      this.#cluster.world.platform,
    );
    const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
    this.#ask({ api: Produce, version: 9, body: { acks: -1, timeoutMs, topicData }, timeoutMs }, (response) => {
      const answer = response?.responses[0].partitionResponses[0];
      if (answer !== undefined && impossible.has(answer.errorCode)) return this.#refused(text, answer.errorCode);
      if (answer?.errorCode !== ErrorCode.NONE) return void this.#process.after(againMs, () => this.#send(number));
      this.acknowledged.set(answer.baseOffset, text);
      this.isBusy = false;
      this.#next();
    });
  }

  #refused(text: string, errorCode: number): void {
    const message = `${text} is answered ${errorName(errorCode)}`;
    this.#cluster.world.violated("an idempotent producer is never refused", message);
  }

  #ask(call: Parameters<ClientLink["ask"]>[2], done: Parameters<ClientLink["ask"]>[3]): void {
    this.#link.ask(this.#cluster.topicsLeader, "main", call, done);
  }
}
