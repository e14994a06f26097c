import { until } from "../until.ts";
import { type BatchOut, batch, batches } from "../wire/batch.ts";
import type { Value } from "../wire/codec.ts";
import { Connection, ConnectionClosed } from "../wire/connection.ts";
import { errorName } from "../wire/errors.ts";
import { type Draw, seeded } from "./draw.ts";

/** A transactional producer: what it believes of itself. */
interface Producer {
  readonly transactionalId: string;
  producerId: number;
  producerEpoch: number;
  /** The next sequence number of each partition. */
  sequences: number[];
}

type Step = (life: TransactionLife, producer: Producer, draw: Draw) => Promise<string>;

const partitionCount = 2;
const transactional = 0x10;
const control = 0x20;
const concurrentTransactions = 51;

/**
 * A random life of two transactional ids that write to one topic and commit offsets for one group, told line by line:
 * each request and its answer, and then what everybody can see of transactions, offsets, and partitions. Each step
 * waits until the markers of the one before are written, so that two brokers that do the same tell the same.
 */
export class TransactionLife {
  readonly groupId: string;
  readonly topic: string;
  readonly producers: Producer[];
  connection: Connection;
  private readonly address: string;
  private readonly draw: Draw;
  private topicId = "";
  private readonly told: string[] = [];
  /** In the order in which they are first seen, so that they are called the same on every broker. */
  private readonly producerIds: number[] = [];
  private steps = 0;

  static async begin(address: string, seed: number): Promise<TransactionLife> {
    const life = new TransactionLife(address, seed, await Connection.open(address));
    await life.create();
    return life;
  }

  private constructor(address: string, seed: number, connection: Connection) {
    const name = `transactions-${seed}-${Date.now()}`;
    this.address = address;
    this.groupId = `group-of-${name}`;
    this.topic = name;
    const nobody = { producerId: -1, producerEpoch: -1 };
    this.producers = ["p", "q"].map((who) => ({
      transactionalId: `${who}-of-${name}`,
      ...nobody,
      sequences: Array(partitionCount).fill(0),
    }));
    this.connection = connection;
    this.draw = seeded(seed);
  }

  private async create(): Promise<void> {
    const topics = [{ name: this.topic, numPartitions: partitionCount, replicationFactor: 1 }];
    const answer = await this.connection.ask("CreateTopics", { topics, timeoutMs: 10_000 });
    this.topicId = answer.topics[0].topicId;
    await until(`${this.topic} has leaders`, async () =>
      (await this.bounds()).every(({ errorCode }) => errorCode === 0),
    );
  }

  async step(): Promise<void> {
    const { draw } = this;
    const number = this.steps++;
    const producer = draw.oneOf(this.producers);
    // Without an id there is little to do.
    const [name, act] = producer.producerId < 0 ? (["init", init] as const) : draw.oneOf(acts);
    const inner = draw.fork(); // whatever an act draws, the next step is the same
    const answer = await act(this, producer, inner).catch((error) => this.lost(error));
    this.told.push(`${number} ${producer.transactionalId[0]} ${name}: ${answer}`, `    ${await this.described()}`);
  }

  /** After a restart of the broker. */
  async reconnect(): Promise<void> {
    await this.connection.closed;
    this.connection = await Connection.open(this.address);
    this.told.push("the broker has restarted", `    ${await this.described()}`);
  }

  async end(): Promise<string[]> {
    for (let partition = 0; partition < partitionCount; partition++) this.told.push(await this.story(partition));
    this.connection.close();
    return this.told;
  }

  /** An id of a producer by a name that is the same on every broker. */
  named(producerId: number): string {
    if (producerId < 0) return "nobody";
    if (!this.producerIds.includes(producerId)) this.producerIds.push(producerId);
    return `#${this.producerIds.indexOf(producerId)}`;
  }

  /** Asks until the transaction before is complete. */
  async ask(api: string, request: Value, version: number): Promise<Value> {
    return until(`${api} finds no transaction that still ends`, async () => {
      const answer = await this.connection.ask(api, request, version);
      return answer.errorCode !== concurrentTransactions && answer;
    });
  }

  /** The broker closes the connection on what it cannot take. */
  private async lost(error: unknown): Promise<string> {
    if (!(error instanceof ConnectionClosed)) throw error;
    this.connection = await Connection.open(this.address);
    return "closed";
  }

  private async bounds(isolationLevel = 0): Promise<Value[]> {
    const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => ({
      partitionIndex,
      timestamp: -1,
    }));
    const topics = [{ name: this.topic, partitions }];
    const answer = await this.connection.ask("ListOffsets", { replicaId: -1, isolationLevel, topics });
    return byIndex(answer.topics[0].partitions);
  }

  private async described(): Promise<string> {
    const transactions = await until("no transaction is ending", async () => {
      const transactionalIds = this.producers.map(({ transactionalId }) => transactionalId);
      const { transactionStates } = await this.connection.ask("DescribeTransactions", { transactionalIds });
      return !transactionStates.some((each: Value) => /^Prepare/.test(each.transactionState)) && transactionStates;
    });
    const told = transactions.map((each: Value) => {
      const topics = each.topics.flatMap((of: Value) =>
        of.partitions.map((index: number) => `${of.topic === this.topic ? "t" : of.topic}-${index}`),
      );
      const partOf = topics.map((one: string) => (one.startsWith("__") ? "offsets" : one)).sort();
      const who = `${this.named(Number(each.producerId))}/${each.producerEpoch}`;
      return `${errorName(each.errorCode)} ${each.transactionState} ${who} [${partOf}]`;
    });
    const [ends, stable] = [await this.bounds(), await this.bounds(1)];
    const logs = ends.map((end, index) => `${end.offset}/${stable[index].offset}`);
    return `${told.join(", ")} | ${logs.join(" ")} | ${await this.producing()} | ${await this.offsets()}`;
  }

  private async producing(): Promise<string> {
    const topics = [{ name: this.topic, partitionIndexes: [0, 1] }];
    const answer = await this.connection.ask("DescribeProducers", { topics });
    const each = byIndex(answer.topics[0].partitions).map(({ activeProducers }) =>
      activeProducers
        .map((one: Value) => {
          const who = `${this.named(Number(one.producerId))}/${one.producerEpoch}`;
          return `${who}:${one.lastSequence}:${one.currentTxnStartOffset}`;
        })
        .sort()
        .join(" "),
    );
    return each.join(" / ");
  }

  private async offsets(): Promise<string> {
    const each = [];
    for (const requireStable of [true, false]) {
      const topics = [{ name: this.topic, partitionIndexes: [0, 1] }];
      const groups = [{ groupId: this.groupId, topics }];
      const answer = await this.connection.ask("OffsetFetch", { groups, requireStable }, 9);
      const partitions = answer.groups[0].topics[0].partitions.map((one: Value) =>
        one.errorCode === 0 ? String(one.committedOffset) : errorName(one.errorCode),
      );
      each.push(partitions.join(" "));
    }
    const { groups } = await this.connection.ask("DescribeGroups", { groups: [this.groupId] }, 5);
    return `${groups[0].groupState} ${each.join(" or ")}`;
  }

  /** A whole partition: batches, markers, and the aborted transactions that a reader is told of. */
  private async story(partition: number): Promise<string> {
    const told: string[] = [];
    const aborted = new Set<string>();
    for (let [offset, end] = [0, 1]; offset < end; ) {
      const partitions = [{ partition, fetchOffset: offset, partitionMaxBytes: 10_000_000 }];
      const topics = [{ topicId: this.topicId, partitions }];
      const body = { maxWaitMs: 0, minBytes: 0, maxBytes: 10_000_000, isolationLevel: 1, topics };
      const answer = await this.connection.ask("Fetch", body, 18);
      const found = answer.responses[0].partitions[0];
      for (const { producerId, firstOffset } of found.abortedTransactions ?? []) {
        aborted.add(`${this.named(Number(producerId))} from ${firstOffset}`);
      }
      const list = batches(found.records);
      told.push(...list.map((each) => this.wordsOf(each)));
      end = Number(found.lastStableOffset);
      offset = list.length > 0 ? Number(list.at(-1)?.lastOffset) + 1 : end;
    }
    return `partition ${partition}: ${told.join("; ")} | aborted ${[...aborted].sort()}`;
  }

  private wordsOf({ attributes, producerId, producerEpoch, baseSequence, records }: BatchOut): string {
    const marker = () => ["ABORT", "COMMIT"][(records[0]?.keyBytes ?? Buffer.alloc(4)).readInt16BE(2)];
    const values = `${records.map(({ value }) => value)} at ${baseSequence}`;
    return `${this.named(Number(producerId))}/${producerEpoch} ${(attributes & control) === 0 ? values : marker()}`;
  }
}

function byIndex(partitions: Value[]): Value[] {
  return [...partitions].sort((a, b) => a.partitionIndex - b.partitionIndex);
}

/** Mostly the right value, now and then a wrong one. */
const mostly = <T>(draw: Draw, right: T, ...wrong: T[]): T => (draw.chance(0.9) ? right : draw.oneOf(wrong));

function identity(life: TransactionLife, { transactionalId, producerId, producerEpoch }: Producer, draw: Draw) {
  const others = life.producers.map((each) => each.producerId);
  return {
    transactionalId,
    producerId: draw.chance(0.96) ? producerId : draw.oneOf(others),
    producerEpoch: mostly(draw, producerEpoch, producerEpoch - 1, producerEpoch + 1),
  };
}

function take(producer: Producer, { producerId, producerEpoch }: Value): void {
  Object.assign(producer, { producerId: Number(producerId), producerEpoch });
  producer.sequences = producer.sequences.map(() => 0);
}

const init: Step = async (life, producer, draw) => {
  const version = draw.below(6);
  const { transactionalId, producerId, producerEpoch } = producer;
  const own = { producerId, producerEpoch: mostly(draw, producerEpoch, producerEpoch - 1, producerEpoch + 1) };
  const who = draw.chance(0.5) ? own : { producerId: -1, producerEpoch: -1 };
  const body = { transactionalId, transactionTimeoutMs: 600_000, ...who };
  const answer = await life.ask("InitProducerId", body, version);
  if (answer.errorCode === 0) take(producer, answer);
  const asked = `v${version} as ${life.named(who.producerId)}/${who.producerEpoch}`;
  return `${asked} ${errorName(answer.errorCode)} ${life.named(Number(answer.producerId))}/${answer.producerEpoch}`;
};

const add: Step = async (life, producer, draw) => {
  const version = draw.below(4);
  const who = identity(life, producer, draw);
  const partitions = draw.oneOf([[0], [1], [0, 1], [0, 9]]);
  const body = {
    v3AndBelowTransactionalId: who.transactionalId,
    v3AndBelowProducerId: who.producerId,
    v3AndBelowProducerEpoch: who.producerEpoch,
    v3AndBelowTopics: [{ name: life.topic, partitions }],
  };
  const answer = await life.ask("AddPartitionsToTxn", body, version);
  const each = byIndex(answer.resultsByTopicV3AndBelow[0].resultsByPartition);
  return `v${version} [${partitions}] ${each.map((one: Value) => errorName(one.partitionErrorCode))}`;
};

const produce: Step = async (life, producer, draw) => {
  const version = 9 + draw.below(4);
  const who = identity(life, producer, draw);
  const partition = draw.below(partitionCount);
  const right = producer.sequences[partition] as number;
  const baseSequence = mostly(draw, right, right + 1, Math.max(0, right - 1));
  const value = `v${draw.below(1000)}`;
  const records = batch([{ value }], { attributes: transactional, ...who, baseSequence });
  const topicData = [{ name: life.topic, partitionData: [{ index: partition, records }] }];
  const body = { transactionalId: who.transactionalId, acks: -1, timeoutMs: 10_000, topicData };
  const { responses } = await life.connection.ask("Produce", body, version);
  const { errorCode, baseOffset } = responses[0].partitionResponses[0];
  if (errorCode === 0) producer.sequences[partition] = baseSequence + 1;
  return `v${version} ${value} to ${partition} at ${baseSequence} ${errorName(errorCode)} ${baseOffset}`;
};

const addOffsets: Step = async (life, producer, draw) => {
  const version = draw.below(5);
  const body = { ...identity(life, producer, draw), groupId: life.groupId };
  return `v${version} ${errorName((await life.ask("AddOffsetsToTxn", body, version)).errorCode)}`;
};

function offsetOf(life: TransactionLife, draw: Draw) {
  const [partitionIndex, committedOffset] = [draw.below(partitionCount), draw.below(1000)];
  const topics = [{ name: life.topic, partitions: [{ partitionIndex, committedOffset, committedMetadata: "" }] }];
  return { text: `${partitionIndex}:${committedOffset}`, topics };
}

const commitOffset: Step = async (life, producer, draw) => {
  const version = draw.below(6);
  const { text, topics } = offsetOf(life, draw);
  const body = { ...identity(life, producer, draw), groupId: life.groupId, topics };
  const answer = await life.connection.ask("TxnOffsetCommit", body, version);
  return `v${version} ${text} ${errorName(answer.topics[0].partitions[0].errorCode)}`;
};

const commit: Step = async (life, _producer, draw) => {
  const { text, topics } = offsetOf(life, draw);
  const answer = await life.connection.ask("OffsetCommit", { groupId: life.groupId, topics }, 9);
  return `${text} ${errorName(answer.topics[0].partitions[0].errorCode)}`;
};

const end: Step = async (life, producer, draw) => {
  const version = draw.below(6);
  const committed = draw.chance(0.6);
  const answer = await life.ask("EndTxn", { ...identity(life, producer, draw), committed }, version);
  if (answer.errorCode === 0 && version >= 5) take(producer, answer);
  const next = version < 5 ? "" : ` ${life.named(Number(answer.producerId))}/${answer.producerEpoch}`;
  return `v${version} ${committed ? "commit" : "abort"} ${errorName(answer.errorCode)}${next}`;
};

const offsetDelete: Step = async (life, _producer, draw) => {
  const topics = [{ name: life.topic, partitions: [{ partitionIndex: draw.below(partitionCount) }] }];
  const answer = await life.connection.ask("OffsetDelete", { groupId: life.groupId, topics });
  return errorName(answer.errorCode);
};

const deleteGroup: Step = async (life) => {
  const { results } = await life.connection.ask("DeleteGroups", { groupsNames: [life.groupId] });
  return errorName(results[0].errorCode);
};

const acts: [string, Step][] = [
  ...Array(2).fill(["init", init]),
  ...Array(3).fill(["add", add]),
  ...Array(6).fill(["produce", produce]),
  ...Array(2).fill(["add offsets", addOffsets]),
  ...Array(4).fill(["commit offset", commitOffset]),
  ...Array(2).fill(["commit", commit]),
  ...Array(5).fill(["end", end]),
  ["offset delete", offsetDelete],
  ["delete group", deleteGroup],
];
