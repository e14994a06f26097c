import { accepted, fetch, fresh, main, open, type Topic, until } from "./suite.ts";
import { batch, batches } from "./wire/batch.ts";
import type { Value } from "./wire/codec.ts";
import type { Connection } from "./wire/connection.ts";
import { committedValues, markerOf, TRANSACTIONAL } from "./wire/transactions.ts";

export interface ProducerOptions {
  address?: string;
  transactionalId?: string;
  transactionTimeoutMs?: number;
}

/** The coordinator still completes what came before. */
export const CONCURRENT_TRANSACTIONS = 51;
/** The coordinator loads, or there is none yet. */
const patience = [14, 15, 16, CONCURRENT_TRANSACTIONS];

/** A transactional producer, with a connection of its own. */
export class Producer {
  readonly connection: Connection;
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  producerId = -1;
  producerEpoch = -1;
  private sequences = new Map<string, number>();

  /** One that has its id and epoch. */
  static async of(options: ProducerOptions = {}): Promise<Producer> {
    const producer = new Producer(await open(options.address ?? main), options);
    accepted(await producer.init());
    return producer;
  }

  private constructor(connection: Connection, { transactionalId, transactionTimeoutMs }: ProducerOptions) {
    this.connection = connection;
    this.transactionalId = transactionalId ?? fresh("tx");
    this.transactionTimeoutMs = transactionTimeoutMs ?? 60_000;
  }

  /** What stands in the requests of this producer, by any field they may have. */
  get identity() {
    const { transactionalId, producerId, producerEpoch } = this;
    return { transactionalId, producerId, producerEpoch };
  }

  /** Asks for an id and epoch as a producer that has just started, until what came before is complete. */
  async init(set: Value = {}, version = 5): Promise<Value> {
    const answer = await patiently("the id is initialised", () => this.initOnce(set, version));
    if (answer.errorCode === 0) this.take(answer);
    return answer;
  }

  initOnce(set: Value = {}, version = 5): Promise<Value> {
    const { transactionalId, transactionTimeoutMs } = this;
    const who = { producerId: -1, producerEpoch: -1 };
    const body = { transactionalId, transactionTimeoutMs, ...who, ...set };
    return this.connection.ask("InitProducerId", body, version);
  }

  private take({ producerId, producerEpoch }: Value): void {
    Object.assign(this, { producerId, producerEpoch });
    this.sequences = new Map();
  }

  /** Adds partitions as clients did before version 4. @returns the error code of each. */
  async add(topic: Topic, partitions = [0], set: Value = {}, version = 3): Promise<number[]> {
    const { transactionalId, producerId, producerEpoch } = { ...this.identity, ...set };
    const body = {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [{ name: topic.name, partitions }],
    };
    const answer = await patiently("the partition is added", async () => {
      const { resultsByTopicV3AndBelow } = await this.connection.ask("AddPartitionsToTxn", body, version);
      const codes = codesOf(resultsByTopicV3AndBelow[0]);
      return { errorCode: codes[0], codes };
    });
    return answer.codes;
  }

  /** Adds, or only verifies, as brokers do from version 4 on. @returns the error of the whole and of each partition. */
  async addAsBroker(topic: Topic, partitions: number[], set: Value = {}, version = 5): Promise<[number, ...number[]]> {
    const transaction = { ...this.identity, verifyOnly: false, ...set, topics: [{ name: topic.name, partitions }] };
    const answer = await this.connection.ask("AddPartitionsToTxn", { transactions: [transaction] }, version);
    return [answer.errorCode, ...codesOf(answer.resultsByTransaction[0].topicResults[0])];
  }

  async addOffsets(groupId: string, set: Value = {}, version = 4): Promise<Value> {
    const body = { ...this.identity, groupId, ...set };
    return patiently("the group is added", () => this.connection.ask("AddOffsetsToTxn", body, version));
  }

  /** Commits an offset of partition 0, within the transaction. @returns the answer for that partition. */
  async commitOffset(groupId: string, topic: string, committedOffset: number, set: Value = {}, version = 5) {
    const { partitionIndex = 0, committedMetadata = "", ...rest } = set;
    const partitions = [{ partitionIndex, committedOffset, committedMetadata }];
    const body = { ...this.identity, groupId, ...rest, topics: [{ name: topic, partitions }] };
    return patiently("the offset is taken", async () => {
      const answer = await this.connection.ask("TxnOffsetCommit", body, version);
      return answer.topics[0].partitions[0];
    });
  }

  /** Produces one record in the transaction. @returns the answer for its partition. */
  async produce(topic: Topic, value: string, set: Value = {}): Promise<Value> {
    const { partition = 0, version = 13, baseSequence, ...rest } = set;
    const key = `${topic.name} ${partition}`;
    const sequence = baseSequence ?? this.sequences.get(key) ?? 0;
    const who = { ...this.identity, baseSequence: sequence, ...rest };
    const records = batch([{ key: value, value }], { attributes: TRANSACTIONAL, ...who });
    const topicData = [{ name: topic.name, topicId: topic.id, partitionData: [{ index: partition, records }] }];
    const body = { transactionalId: who.transactionalId, acks: -1, timeoutMs: 10_000, topicData };
    const answer = await patiently("the record is taken", async () => {
      const { responses } = await this.connection.ask("Produce", body, version);
      return responses[0].partitionResponses[0];
    });
    if (answer.errorCode === 0) this.sequences.set(key, sequence + 1);
    return answer;
  }

  /** Ends the transaction; from version 5 on the next one has an epoch of its own. */
  async end(committed: boolean, set: Value = {}, version = 5): Promise<Value> {
    const answer = await patiently("the transaction ends", () => this.endOnce(committed, set, version));
    if (answer.errorCode === 0 && version >= 5) this.take(answer);
    return answer;
  }

  endOnce(committed: boolean, set: Value = {}, version = 5): Promise<Value> {
    return this.connection.ask("EndTxn", { ...this.identity, committed, ...set }, version);
  }

  describe(): Promise<Value> {
    return describeTransaction(this.connection, this.transactionalId);
  }

  /** Awaits that the coordinator is done with the markers. */
  async untilState(...states: string[]): Promise<Value> {
    return until(`transaction ${this.transactionalId} is ${states}`, async () => {
      const found = await this.describe();
      return states.includes(found.transactionState) && found;
    });
  }
}

/** Asks again for as long as the coordinator says that it is busy. */
export async function patiently(what: string, ask: () => Promise<Value>): Promise<Value> {
  return until(what, async () => {
    const answer = await ask();
    return !patience.includes(answer.errorCode) && answer;
  });
}

function codesOf(topic: Value): number[] {
  const results = [...topic.resultsByPartition].sort((a: Value, b: Value) => a.partitionIndex - b.partitionIndex);
  return results.map((each: Value) => each.partitionErrorCode);
}

export async function describeTransaction(connection: Connection, transactionalId: string): Promise<Value> {
  const answer = await connection.ask("DescribeTransactions", { transactionalIds: [transactionalId] });
  return answer.transactionStates[0];
}

/** What the leader of a partition knows about its producers. */
export async function describeProducers(connection: Connection, topic: Topic, partition = 0): Promise<Value[]> {
  const topics = [{ name: topic.name, partitionIndexes: [partition] }];
  const answer = await connection.ask("DescribeProducers", { topics });
  return accepted(answer.topics[0].partitions[0]).activeProducers;
}

/** A partition as text: the value of each record, and COMMIT or ABORT for each marker, in order. */
export async function story(connection: Connection, topic: Topic, partition = 0): Promise<string[]> {
  const answer = accepted(await fetch(connection, topic, 0, { partition }));
  return batches(answer.records).flatMap((each) => markerOf(each)?.type ?? each.records.map(({ value }) => `${value}`));
}

/** What a reader sees from an offset on who skips what was aborted, and what it is told beside. */
export async function readCommitted(
  connection: Connection,
  topic: Topic,
  { from = 0, partition = 0, version = 18 } = {},
): Promise<{ values: string[]; lastStableOffset: number; highWatermark: number; aborted: Value[] }> {
  const answer = accepted(await fetch(connection, topic, from, { partition, isolationLevel: 1 }, version));
  const { abortedTransactions, lastStableOffset, highWatermark } = answer;
  const aborted: Value[] = [...(abortedTransactions ?? [])].sort((a, b) => a.firstOffset - b.firstOffset);
  const offsets = { lastStableOffset: Number(lastStableOffset), highWatermark: Number(highWatermark) };
  return { values: committedValues({ ...answer, abortedTransactions: aborted }), ...offsets, aborted };
}
