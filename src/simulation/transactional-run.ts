/** One process of a transactional producer, until it is fenced, dies or is to end: one transaction after the other. */
import { keyOf, type Partitions } from "../client/member/partitions.ts";
import { AddOffsetsToTxn } from "../protocol/apis/add-offsets-to-txn.ts";
import { AddPartitionsToTxn } from "../protocol/apis/add-partitions-to-txn.ts";
import { EndTxn } from "../protocol/apis/end-txn.ts";
import { InitProducerId } from "../protocol/apis/init-producer-id.ts";
import { OffsetFetch } from "../protocol/apis/offset-fetch.ts";
import { Produce } from "../protocol/apis/produce.ts";
import { TxnOffsetCommit } from "../protocol/apis/txn-offset-commit.ts";
import { ErrorCode, errorName } from "../protocol/errors.ts";
import { encodeBatch } from "../protocol/records/batch.ts";
import type { Api } from "../protocol/schema.ts";
import { ClientLink } from "./client-link.ts";
import type { Cluster } from "./cluster.ts";
import type { TransactionalPlan } from "./plan.ts";
import { Process } from "./process.ts";
import type { Random } from "./random.ts";
import { textBytes } from "./records.ts";
import type { Transaction } from "./transactions.ts";

// biome-ignore lint/suspicious/noExplicitAny: bodies and answers of all APIs
type Body = any;
type Partition = Partitions[number];

const timeoutMs = 5000;
const againMs = 100;
/** So often is a record or an offset sent again before its transaction is given up. */
const mostAttempts = 40;

/** Somebody else has the transactional id now, or the coordinator gave the transaction up. */
class Fenced extends Error {}
/** Nothing but an abort and a new epoch help. */
class Abortable extends Error {}

const passing: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.UNSTABLE_OFFSET_COMMIT,
]);
const fencing: ReadonlySet<number> = new Set([ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.PRODUCER_FENCED]);

export class TransactionalRun {
  readonly process: Process;
  readonly #plan: TransactionalPlan;
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #link: ClientLink;
  #producerId = -1;
  #producerEpoch = -1;
  readonly #sequences = new Map<string, number>();
  /** No new transaction is begun. */
  isToEnd = false;
  isOver = false;

  constructor(plan: TransactionalPlan, number: number, cluster: Cluster) {
    const { world, network, requests } = cluster;
    this.#plan = plan;
    this.#cluster = cluster;
    this.process = new Process(world, `${plan.name}.${number}`, { rate: 1, wallAheadMs: 0 });
    this.#random = world.random.fork(this.process.name);
    this.#link = new ClientLink(this.process, network, requests);
  }

  /** @param ended it was fenced, or has ended as it was to. */
  start(ended: (run: TransactionalRun) => void): void {
    const { world } = this.#cluster;
    world.tell(() => `${this.process.name} starts`);
    world.wentAsync();
    this.#live().then(
      () => this.#end(ended),
      (error) => {
        if (!(error instanceof Fenced)) world.violated("a transactional producer goes on", `${error}`);
        this.#end(ended);
      },
    );
  }

  die(): void {
    this.process.die();
    this.#link.close();
    this.isOver = true;
  }

  #end(ended: (run: TransactionalRun) => void): void {
    this.#cluster.world.tell(() => `${this.process.name} ends`);
    this.die();
    ended(this);
  }

  async #live(): Promise<void> {
    await this.#initialise();
    while (!this.isToEnd) {
      await this.#pause(this.#plan.intervalMs);
      if (!this.isToEnd) await this.#transact();
    }
  }

  /** Fences whoever had the id, and learns where it has got to. */
  async #initialise(): Promise<void> {
    const { name: transactionalId, timeoutMs: transactionTimeoutMs } = this.#plan;
    const { transactions } = this.#cluster;
    const body = { transactionalId, transactionTimeoutMs };
    const { producerId, producerEpoch } = await this.#untilDone(InitProducerId, 4, body, codeOf);
    this.#isNow(producerId, producerEpoch);
    transactions.initialised(transactionalId, producerEpoch);
    const begun = transactions.begunOf(transactionalId);
    const { offsetsOf } = this.#plan;
    if (offsetsOf === null) return;
    const topics = [{ name: offsetsOf.topic, partitionIndexes: [offsetsOf.partition] }];
    const asked = { groups: [{ groupId: this.#groupId, topics }], requireStable: true };
    const found = await this.#untilDone(OffsetFetch, 9, asked, ({ groups: [group] }) => {
      return group.errorCode || group.topics[0].partitions[0].errorCode;
    });
    if (this.#cluster.consumption.deleted.has(offsetsOf.topic)) return;
    const { committedOffset, metadata } = found.groups[0].topics[0].partitions[0];
    if (committedOffset < 0 && this.#cluster.plan.offsetsRetentionMinutes < 10) return; // they may have expired
    transactions.resumed(transactionalId, metadata, begun);
  }

  async #transact(): Promise<void> {
    const { transactions } = this.#cluster;
    const { name, outputs, pauseMs, offsetsOf, commitChance } = this.#plan;
    const transaction = transactions.begin(name);
    const sinceMs = this.#cluster.world.nowMs;
    const to = outputs.filter(() => this.#random.chance(0.6));
    try {
      for (const output of to.length === 0 ? outputs.slice(0, 1) : to) {
        await this.#produce(transaction, output);
        await this.#pause(this.#random.between(0, pauseMs));
      }
      if (offsetsOf !== null && this.#random.chance(0.7)) await this.#commitOffsets(transaction, offsetsOf);
      await this.#finish(transaction, this.#random.chance(commitChance), sinceMs);
    } catch (error) {
      if (!(error instanceof Abortable)) throw error;
      await this.#finish(transaction, false, sinceMs);
      await this.#initialise();
    }
  }

  async #produce(transaction: Transaction, { topic, partition }: Partition): Promise<void> {
    const { name: transactionalId } = this.#plan;
    const producer = { ...this.#producer, transactionalId };
    if (!this.#isNew) {
      const body = {
        v3AndBelowTransactionalId: transactionalId,
        v3AndBelowProducerId: this.#producerId,
        v3AndBelowProducerEpoch: this.#producerEpoch,
        v3AndBelowTopics: [{ name: topic, partitions: [partition] }],
      };
      await this.#untilDone(AddPartitionsToTxn, 3, body, ({ resultsByTopicV3AndBelow: [of] }) => {
        return of.resultsByPartition[0].partitionErrorCode;
      });
    }
    const key = keyOf({ topic, partition });
    const baseSequence = this.#sequences.get(key) ?? 0;
    this.#sequences.set(key, baseSequence + 1);
    const text = transaction.text();
    const value = textBytes(text);
    const timestamp = this.process.now().wallMs;
    const batch = { records: [{ key: null, value, timestamp }], ...producer, baseSequence, transactional: true };
    const records = () => encodeBatch(batch, this.#cluster.world.platform);
    const body = () => {
      const topicData = [{ name: topic, partitionData: [{ index: partition, records: records() }] }];
      return { transactionalId, acks: -1, timeoutMs, topicData };
    };
    await this.#untilDone(Produce, this.#isNew ? 12 : 11, body, ({ responses: [of] }) => {
      return of.partitionResponses[0].errorCode;
    });
    transaction.records.set(text, { topic, partition });
  }

  async #commitOffsets(transaction: Transaction, { topic, partition }: Partition): Promise<void> {
    const asked = { ...this.#producer, transactionalId: this.#plan.name, groupId: this.#groupId };
    if (!this.#isNew) await this.#untilDone(AddOffsetsToTxn, 3, asked, codeOf);
    const committedMetadata = `${transaction.name}/offsets`;
    const offset = { partitionIndex: partition, committedOffset: transaction.number, committedMetadata };
    const body = { ...asked, topics: [{ name: topic, partitions: [offset] }] };
    transaction.hasOffsets = true;
    await this.#untilDone(TxnOffsetCommit, this.#isNew ? 5 : 4, body, ({ topics: [of] }) => of.partitions[0].errorCode);
  }

  /** What did not come to its coordinator needs no abort: INVALID_TXN_STATE. @param sinceMs when it began */
  async #finish(transaction: Transaction, committed: boolean, sinceMs: number): Promise<void> {
    transaction.outcome = committed ? "committing" : "aborting";
    const body = { ...this.#producer, transactionalId: this.#plan.name, committed };
    const isAborted = (answer: Body) =>
      codeOf(answer) === ErrorCode.INVALID_TXN_STATE && (!committed || this.#mayBeAborted(sinceMs));
    const code = (answer: Body) => (isAborted(answer) ? ErrorCode.NONE : codeOf(answer));
    const answer = await this.#untilDone(EndTxn, this.#isNew ? 5 : 4, body, code, Number.POSITIVE_INFINITY);
    transaction.outcome = committed && !isAborted(answer) ? "committed" : "aborted";
    if (committed && isAborted(answer)) throw new Fenced();
    if (this.#isNew && answer.producerEpoch >= 0) this.#isNow(answer.producerId, answer.producerEpoch);
  }

  /**
   * The coordinator has aborted it under the next epoch, for a producer that begins anew, or because it is too old: to
   * commit it looks like a retry, of something else than what was done (KIP-890).
   */
  #mayBeAborted(sinceMs: number): boolean {
    const { world, plan } = this.#cluster;
    const causes = new Set(["clock jumps", "transactional producer is doubled"]);
    const hasCause = plan.faults.some(({ kind }) => causes.has(kind));
    return this.#isNew && (hasCause || world.nowMs - sinceMs >= 0.9 * this.#plan.timeoutMs);
  }

  get #isNew(): boolean {
    return this.#plan.transactionVersion === 2;
  }

  get #groupId(): string {
    return `outputs-of-${this.#plan.name}`;
  }

  get #producer() {
    return { producerId: this.#producerId, producerEpoch: this.#producerEpoch };
  }

  #isNow(producerId: number, producerEpoch: number): void {
    this.#producerId = producerId;
    this.#producerEpoch = producerEpoch;
    this.#sequences.clear();
  }

  /** Again and again, until there is an answer that stays. @throws {Fenced | Abortable} */
  async #untilDone(
    api: Api,
    version: number,
    body: Body,
    codeIn: (answer: Body) => number,
    attempts = api === InitProducerId || api === OffsetFetch ? Number.POSITIVE_INFINITY : mostAttempts,
  ): Promise<Body> {
    const { transactions, consumption, world } = this.#cluster;
    const { name } = this.#plan;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const wasFenced = this.#producerEpoch >= 0 && this.#producerEpoch < transactions.newestEpoch(name);
      const answer = await this.#ask(api, version, typeof body === "function" ? body() : body);
      const code = answer === undefined ? ErrorCode.REQUEST_TIMED_OUT : codeIn(answer);
      if (code === ErrorCode.NONE) {
        if (wasFenced && changing.has(api)) transactions.fencedOneWasHeard(`${api.name} of ${this.process.name}`);
        return answer;
      }
      if (fencing.has(code)) throw new Fenced();
      if (!passing.has(code)) {
        if (mayBeRefused.has(code) || consumption.deleted.size > 0) throw new Abortable();
        const message = `${api.name} of ${this.process.name} is answered ${errorName(code)}`;
        world.violated("a transactional producer is never refused", message);
        throw new Abortable();
      }
      await this.#pause(againMs);
    }
    throw new Abortable();
  }

  #ask(api: Api, version: number, body: Body): Promise<Body> {
    const { topicsLeader, world } = this.#cluster;
    return new Promise((resolve) => {
      this.#link.ask(topicsLeader, "main", { api, version, body, timeoutMs }, (answer) => {
        world.wentAsync();
        resolve(answer);
      });
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.process.after(ms, () => {
        this.#cluster.world.wentAsync();
        resolve();
      });
    });
  }
}

const changing: ReadonlySet<Api> = new Set<Api>([
  Produce,
  AddPartitionsToTxn,
  AddOffsetsToTxn,
  TxnOffsetCommit,
  EndTxn,
]);
/** The broker has told the client to abort. */
const mayBeRefused: ReadonlySet<number> = new Set([ErrorCode.TRANSACTION_ABORTABLE]);

function codeOf({ errorCode }: { readonly errorCode: number }): number {
  return errorCode;
}
