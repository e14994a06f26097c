/**
 * A transaction over several partitions and groups, and the broker is killed while it ends. Whatever the moment: after
 * the restart the transaction is over, one way, everywhere.
 *
 *     node test/crash/end-txn.ts [--kills 300] [--seed 1]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { numberOf, readFlags } from "../../src/bench/flags.ts";
import { type Draw, seeded } from "../conformance/random/draw.ts";
import { until } from "../conformance/until.ts";
import { batch, batches } from "../conformance/wire/batch.ts";
import type { Value } from "../conformance/wire/codec.ts";
import { Connection } from "../conformance/wire/connection.ts";
import { committedValues, TRANSACTIONAL } from "../conformance/wire/transactions.ts";
import { Victim } from "./victim.ts";

const transactionalId = "ends";
const topic = { name: "outputs", numPartitions: 6, replicationFactor: 1 };
const groups = ["group-a", "group-b", "group-c"];
/** Kills come so long after the request was sent, at most: it is answered, and its markers are written, meanwhile. */
const longestMs = 8;
/** The coordinator loads or is not there, it ends the transaction before, offsets are not yet stable. */
const patience = [14, 15, 16, 51, 88];

interface Asked {
  readonly number: number;
  readonly committed: boolean;
}

export interface Tally {
  answered: number;
  committed: number;
  aborted: number;
  /** It was decided, and not yet complete, when the broker came back. */
  completedLater: number;
  readonly breaches: string[];
}

class Ends {
  readonly tally: Tally = { answered: 0, committed: 0, aborted: 0, completedLater: 0, breaches: [] };
  readonly #victim: Victim;
  readonly #draw: Draw;
  #broker!: Connection;
  #producer: Value;
  #committed: string[] = [];

  constructor(victim: Victim, draw: Draw) {
    this.#victim = victim;
    this.#draw = draw;
  }

  async begin(): Promise<void> {
    await this.#start();
    const { topics } = await this.#broker.ask("CreateTopics", { topics: [topic], timeoutMs: 10_000 });
    if (topics[0].errorCode !== 0) throw new Error(`CreateTopics: ${topics[0].errorCode}`);
    await this.#initialise();
  }

  /** One transaction, one kill, one look. */
  async round(number: number): Promise<void> {
    const asked = { number, committed: this.#draw.chance(0.6) };
    await this.#write(number);
    const { transactionalId: id, producerId, producerEpoch } = this.#producer;
    const end = { transactionalId: id, producerId, producerEpoch, committed: asked.committed };
    const answer = this.#broker.ask("EndTxn", end).catch(() => undefined);
    await passed(this.#draw.below(longestMs * 1000) / 1000);
    this.tally.breaches.push(...(await this.#victim.kill()));
    const errorCode = (await answer)?.errorCode;
    if (errorCode !== undefined && errorCode !== 0) this.tally.breaches.push(`${number}: EndTxn answered ${errorCode}`);
    await this.#start();
    await this.#judge(asked, errorCode === 0);
  }

  async #start(): Promise<void> {
    await this.#victim.start();
    this.#broker?.close();
    this.#broker = await Connection.open(`127.0.0.1:${this.#victim.port}`);
  }

  async #initialise(): Promise<void> {
    await this.#patiently(
      "FindCoordinator",
      { keyType: 1, coordinatorKeys: [transactionalId] },
      (it) => it.coordinators[0],
    );
    for (const key of groups) {
      await this.#patiently("FindCoordinator", { keyType: 0, coordinatorKeys: [key] }, (it) => it.coordinators[0]);
    }
    const body = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
    const { producerId, producerEpoch } = await this.#patiently("InitProducerId", body, (it) => it, 5);
    this.#producer = { transactionalId, producerId, producerEpoch };
  }

  /** The number of the transaction to each partition, and as the offset of each group. */
  async #write(number: number): Promise<void> {
    const who = { ...this.#producer, baseSequence: 0, attributes: TRANSACTIONAL };
    const partitionData = partitions().map((index) => ({ index, records: batch([{ value: String(number) }], who) }));
    const produce = { transactionalId, acks: -1, timeoutMs: 10_000, topicData: [{ name: topic.name, partitionData }] };
    const worst = (list: Value[]) => list.find(({ errorCode }) => errorCode !== 0) ?? list[0];
    await this.#patiently("Produce", produce, (it) => worst(it.responses[0].partitionResponses), 12);
    for (const groupId of groups) {
      const offsets = [{ partitionIndex: 0, committedOffset: number, committedMetadata: "" }];
      const body = { ...this.#producer, groupId, topics: [{ name: topic.name, partitions: offsets }] };
      await this.#patiently("TxnOffsetCommit", body, (it) => it.topics[0].partitions[0], 5);
    }
  }

  /** What was decided holds in all places, and it is what was asked if that was answered. */
  async #judge({ number, committed }: Asked, isAnswered: boolean): Promise<void> {
    const { breaches } = this.tally;
    const described = { transactionalIds: [transactionalId] };
    const found = await this.#patiently("DescribeTransactions", described, (it) => it.transactionStates[0]);
    const isDecided = found.transactionState !== "Ongoing";
    if (found.transactionState.startsWith("Prepare")) this.tally.completedLater++;
    await this.#initialise(); // answered when the transaction is over
    if (isDecided && committed) this.#committed.push(String(number));
    const isCommitted = isDecided && committed;
    if (isAnswered && !isDecided) breaches.push(`${number}: the end was answered, and is forgotten`);
    this.tally.answered += isAnswered ? 1 : 0;
    this.tally[isCommitted ? "committed" : "aborted"]++;
    const expected = this.#committed.join();
    for (const partition of partitions()) {
      const values = (await this.#read(partition)).join();
      if (values !== expected) breaches.push(`${number}: partition ${partition} holds ${values}; expected ${expected}`);
    }
    const offset = Number(this.#committed.at(-1) ?? -1);
    for (const groupId of groups) {
      const told = await this.#offsetOf(groupId);
      if (told !== offset) breaches.push(`${number}: ${groupId} has committed ${told}; expected ${offset}`);
    }
  }

  /** All that a reader sees of a partition; one fetch may bring a part of it. */
  async #read(partition: number): Promise<string[]> {
    const values: string[] = [];
    for (let fetchOffset = 0, end = 1; fetchOffset < end; ) {
      const where = { partition, fetchOffset, partitionMaxBytes: 10_000_000, currentLeaderEpoch: -1 };
      const topics = [{ topic: topic.name, partitions: [where] }];
      const body = { maxWaitMs: 0, minBytes: 1, isolationLevel: 1, topics };
      const [answer] = (await this.#broker.ask("Fetch", body, 12)).responses[0].partitions;
      end = Number(answer.highWatermark);
      const last = batches(answer.records).at(-1);
      if (last === undefined) {
        this.tally.breaches.push(`partition ${partition} can be read up to ${fetchOffset} of ${end}`);
        break;
      }
      values.push(...committedValues(answer));
      fetchOffset = last.lastOffset + 1;
    }
    return values;
  }

  async #offsetOf(groupId: string): Promise<number> {
    const topics = [{ name: topic.name, partitionIndexes: [0] }];
    const body = { requireStable: true, groups: [{ groupId, topics }] };
    const stable = await this.#patiently("OffsetFetch", body, (it) => it.groups[0].topics[0].partitions[0], 9);
    return Number(stable.committedOffset);
  }

  /** Asks until the coordinator has time. @throws for any other error. */
  #patiently(api: string, body: Value, pick: (answer: Value) => Value, version?: number): Promise<Value> {
    return until(`${api} is answered`, async () => {
      const found = pick(await this.#broker.ask(api, body, version));
      if (found.errorCode === 0) return found;
      if (!patience.includes(found.errorCode)) throw new Error(`${api} answered ${found.errorCode}`);
      return undefined;
    });
  }
}

function partitions(): number[] {
  return Array.from({ length: topic.numPartitions }, (_, partition) => partition);
}

/** Timers of Node count in milliseconds; answers may be read meanwhile. */
async function passed(ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; ) await new Promise(setImmediate);
}

/** @returns how the transactions ended, and what must not be. */
export async function killInEndTxn(kills: number, seed: number): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), "regroup-end-txn-"));
  const victim = new Victim(folder);
  const ends = new Ends(victim, seeded(seed));
  try {
    await ends.begin();
    for (let number = 1; number <= kills && ends.tally.breaches.length === 0; number++) await ends.round(number);
  } catch (error) {
    ends.tally.breaches.push(`${error}`, ...(await victim.kill())); // what the broker told of it
  } finally {
    await victim.kill();
    await rm(folder, { recursive: true, force: true });
  }
  return ends.tally;
}

if (import.meta.main) {
  const flags = readFlags({
    kills: { type: "string", default: "300" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  });
  const seed = numberOf("seed", flags.seed);
  const { breaches, ...tally } = await killInEndTxn(numberOf("kills", flags.kills), seed);
  console.log(`seed ${seed}:`, tally);
  for (const breach of breaches) console.error(breach);
  process.exitCode = breaches.length === 0 ? 0 : 1;
}
