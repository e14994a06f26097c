import { coordinatorPartition } from "../../../src/protocol/hash.ts";
import { transactionRecordCodec } from "../../../src/transaction/record-codec.ts";
import type { Topic } from "../../conformance/suite.ts";
import { until } from "../../conformance/until.ts";
import { batch, batches } from "../../conformance/wire/batch.ts";
import type { Value } from "../../conformance/wire/codec.ts";
import { Connection } from "../../conformance/wire/connection.ts";
import { type Act, partitionsOfTopic } from "./acts.ts";

interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

const noTopicId = "AAAAAAAAAAAAAAAAAAAAAA";
const transactional = 0x10;
const control = 0x20;
const patienceMs = 1_000;
/** The coordinator of groups or transactions, or a producer id, is not at hand yet. */
const notYet = [14, 15, 16];

/** One of the two brokers that are asked the same. */
export class Side {
  readonly #connection: Connection;
  readonly #topic: Topic;
  readonly #told = new Map<string, Identity[]>();
  readonly #names = new Map<number, string>();
  readonly #sequences = new Map<string, number>();

  constructor(connection: Connection, topic: Topic) {
    this.#connection = connection;
    this.#topic = topic;
  }

  static async open(address: string, topic: string): Promise<Side> {
    const connection = await Connection.open(address);
    const asked = { name: topic, numPartitions: partitionsOfTopic, replicationFactor: 1, assignments: [], configs: [] };
    const made = await connection.ask("CreateTopics", { topics: [asked], timeoutMs: 10_000, validateOnly: false });
    const side = new Side(connection, { name: topic, id: made.topics[0].topicId });
    for (let partition = 0; partition < partitionsOfTopic; partition++) await side.#untilLed(partition);
    return side;
  }

  async #untilLed(partition: number): Promise<void> {
    const isLed = async () => (await this.#fetch(partition, 0)).errorCode === 0;
    await until(`${this.#topic.name}-${partition} is led`, isLed);
  }

  async #fetch(partition: number, isolationLevel: number, { name, id } = this.#topic): Promise<Value> {
    const partitions = [{ partition, fetchOffset: 0, partitionMaxBytes: 1_000_000, currentLeaderEpoch: -1 }];
    const topics = [{ topic: name, topicId: id, partitions }];
    const asked = { maxWaitMs: 0, minBytes: 0, isolationLevel, topics };
    return (await this.#connection.ask("Fetch", asked)).responses[0].partitions[0];
  }

  close(): void {
    this.#connection.close();
  }

  /** @returns the answer and what came of it, as text in which producer ids have names. */
  async perform(act: Act): Promise<string> {
    const answer = await until(`${act.api} is answered`, async () => {
      const answered = await this.#ask(act);
      return !notYet.includes(answered[0]) && answered;
    });
    return `${answer.join(" ")} | ${await this.#settled(act.who.id)}`;
  }

  /** What is in the partitions, and which of it was aborted. */
  async contents(): Promise<string> {
    const lines: string[] = [];
    for (let partition = 0; partition < partitionsOfTopic; partition++) {
      for (const isolationLevel of [0, 1]) {
        const told = await this.#fetch(partition, isolationLevel);
        const read = batches(told.records ?? Buffer.alloc(0)).map((one) => {
          const kind = one.attributes & control ? `marker ${one.records[0]?.keyBytes?.readInt16BE(2)}` : "data";
          return `${one.baseOffset} ${kind} ${this.#name(one.producerId)}/${one.producerEpoch} ${one.baseSequence}`;
        });
        const aborted = (told.abortedTransactions ?? []).map(
          ({ producerId, firstOffset }: Value) => `${this.#name(Number(producerId))} from ${firstOffset}`,
        );
        const stable = `${told.highWatermark} ${told.lastStableOffset}`;
        lines.push(`${partition} ${isolationLevel}: ${stable}; ${read.join(", ")}; aborted ${aborted.join(", ")}`);
      }
    }
    return lines.join("\n");
  }

  /** What the coordinator has written about an id, but when. */
  async records(id: string): Promise<string> {
    const name = "__transaction_state";
    const { topics } = await this.#connection.ask("Metadata", { topics: [{ name, topicId: noTopicId }] });
    const partition = coordinatorPartition(id, topics[0].partitions.length);
    const told = await this.#fetch(partition, 0, { name, id: topics[0].topicId });
    const lines: string[] = [];
    for (const { keyBytes, valueBytes } of batches(told.records ?? Buffer.alloc(0)).flatMap((one) => one.records)) {
      const record = transactionRecordCodec.decode(keyBytes!, valueBytes);
      if (record?.transactionalId !== id || record.value === null) continue;
      const {
        producerId,
        previousProducerId,
        nextProducerId,
        topics,
        startMs,
        lastUpdateMs: _,
        ...value
      } = record.value;
      const ids = [producerId, previousProducerId, nextProducerId].map((each) => this.#name(each)).join(" ");
      const added = topics.map((topic) => `${topic.name} ${[...topic.partitions].sort().join(" ")}`).sort();
      lines.push(`${ids} ${JSON.stringify(value)} ${startMs === -1 ? "" : "begun"} ${added.join(", ")}`);
    }
    return lines.join("\n");
  }

  async #ask(act: Act): Promise<[number, ...unknown[]]> {
    const { id: transactionalId } = act.who;
    const identity = this.#identity(act);
    const who = { transactionalId, ...identity };
    const ask = (body: Value) => this.#connection.ask(act.api, body, act.version);
    const { set } = act;
    switch (act.api) {
      case "InitProducerId": {
        const known = set.goesOn ? identity : { producerId: -1, producerEpoch: -1 };
        return this.#learn(transactionalId, await ask({ transactionalId, transactionTimeoutMs: 60_000, ...known }));
      }
      case "AddPartitionsToTxn":
        return this.#add(act, who);
      case "Produce":
        return this.#produce(act, who);
      case "EndTxn": {
        const answer = await ask({ ...who, committed: set.committed });
        return act.version >= 5 ? this.#learn(transactionalId, answer) : [answer.errorCode];
      }
      case "AddOffsetsToTxn":
        return [(await ask({ ...who, groupId: set.groupId })).errorCode];
      case "TxnOffsetCommit": {
        const partitions = [{ partitionIndex: set.partition, committedOffset: set.offset, committedMetadata: "" }];
        const member = { generationId: -1, memberId: "", groupInstanceId: null };
        const topics = [{ name: this.#topic.name, partitions }];
        const answer = await ask({ ...who, groupId: set.groupId, ...member, topics });
        return [answer.topics[0].partitions[0].errorCode];
      }
      case "OffsetFetch": {
        const partitionIndexes = Array.from({ length: partitionsOfTopic }, (_, partition) => partition);
        const topics = [{ name: this.#topic.name, partitionIndexes }];
        const answer = await ask({ groupId: set.groupId, requireStable: set.requireStable, topics });
        const told = answer.topics[0]?.partitions ?? [];
        return [
          answer.errorCode,
          ...told.map((it: Value) => `${it.partitionIndex}=${it.committedOffset}/${it.errorCode}`),
        ];
      }
      default: {
        const topics = [{ name: this.#topic.name, partitionIndexes: [set.partition] }];
        const { transactionResult, coordinatorEpoch } = set;
        const answer = await ask({ markers: [{ ...identity, transactionResult, coordinatorEpoch, topics }] });
        return [answer.markers[0].topics[0].partitions[0].errorCode];
      }
    }
  }

  async #add({ api, version, set }: Act, who: Identity & { transactionalId: string }): Promise<[number, ...unknown[]]> {
    const topics = [{ name: this.#topic.name, partitions: [set.partition] }];
    if (version >= 4) {
      const asked = { transactions: [{ ...who, verifyOnly: set.verifyOnly, topics }] };
      const answer = await this.#connection.ask(api, asked, version);
      return [answer.resultsByTransaction[0].topicResults[0].resultsByPartition[0].partitionErrorCode];
    }
    const answer = await this.#connection.ask(
      api,
      {
        v3AndBelowTransactionalId: who.transactionalId,
        v3AndBelowProducerId: who.producerId,
        v3AndBelowProducerEpoch: who.producerEpoch,
        v3AndBelowTopics: topics,
      },
      version,
    );
    return [answer.resultsByTopicV3AndBelow[0].resultsByPartition[0].partitionErrorCode];
  }

  async #produce(
    { api, version, set }: Act,
    { transactionalId, producerId, producerEpoch }: Identity & { transactionalId: string },
  ): Promise<[number, ...unknown[]]> {
    const key = `${producerId}/${producerEpoch} ${set.partition}`;
    const next = this.#sequences.get(key) ?? 0;
    const baseSequence = Math.max(0, next + set.sequenceDelta);
    const records = batch([{ value: "x" }], { attributes: transactional, producerId, producerEpoch, baseSequence });
    const topicData = [{ name: this.#topic.name, partitionData: [{ index: set.partition, records }] }];
    const body = { transactionalId, acks: -1, timeoutMs: 10_000, topicData };
    const told = (await this.#connection.ask(api, body, version)).responses[0].partitionResponses[0];
    if (told.errorCode === 0 && baseSequence === next) this.#sequences.set(key, next + 1);
    return [told.errorCode, told.baseOffset];
  }

  #identity({ who: { id, ago, epochDelta } }: Act): Identity {
    const told = this.#told.get(id) ?? [];
    const { producerId, producerEpoch } = told[told.length - 1 - ago] ?? { producerId: 999_999, producerEpoch: 0 };
    return { producerId, producerEpoch: Math.max(0, producerEpoch + epochDelta) };
  }

  #learn(id: string, { errorCode, producerId, producerEpoch }: Value): [number, ...unknown[]] {
    if (errorCode !== 0) return [errorCode];
    this.#told.set(id, [...(this.#told.get(id) ?? []), { producerId: Number(producerId), producerEpoch }]);
    return [errorCode, `${this.#name(Number(producerId))}/${producerEpoch}`];
  }

  #name(producerId: number): string {
    if (producerId < 0) return "nobody";
    const name = this.#names.get(producerId) ?? `p${this.#names.size + 1}`;
    this.#names.set(producerId, name);
    return name;
  }

  /** The state of the id, once no markers are being written, or nobody can: a marker of a later epoch is there. */
  async #settled(id: string): Promise<string> {
    let told: Value = {};
    const isSettled = async () => {
      const { transactionStates } = await this.#connection.ask("DescribeTransactions", { transactionalIds: [id] });
      told = transactionStates[0];
      return !notYet.includes(told.errorCode) && !told.transactionState.startsWith("Prepare");
    };
    await until(`markers of ${id} are written`, isSettled, patienceMs).catch(() => {});
    const { errorCode, transactionState, producerId, producerEpoch, topics } = told;
    if (errorCode !== 0) return String(errorCode);
    const added = topics.map((topic: Value) => `${topic.topic} ${[...topic.partitions].sort().join(" ")}`).sort();
    return `${transactionState} ${this.#name(Number(producerId))}/${producerEpoch} ${added.join(", ")}`;
  }
}
