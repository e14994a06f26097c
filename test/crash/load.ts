/** Who uses the broker while it dies: idempotent producers, a group, commits without one, topics that come and go. */
import type { Admin } from "../../src/client/admin/admin.ts";
import type { Consumer } from "../../src/client/consumer/consumer.ts";
import { Kafka } from "../../src/client/index.ts";
import type { Producer } from "../../src/client/producer/producer.ts";
import type { Draw } from "../conformance/random/draw.ts";
import { auditCommits, auditTopics, promisesNow } from "./audit.ts";
import { type Ledger, recordValue } from "./ledger.ts";

export const topic = "records";
export const partitions = 4;
export const producers = 3;
const group = "readers";
const members = 2;
const committers = 5;
const compressions = ["none", "lz4", "gzip"] as const;
/** Sends of a producer to a partition that are not answered yet. */
const window = 4;

/** No client may give up, however long the broker is away. */
const never = 24 * 60 * 60 * 1000;
const patient = {
  "default.api.timeout.ms": never,
  "reconnect.backoff.ms": 10,
  "reconnect.backoff.max.ms": 50,
  "retry.backoff.ms": 10,
  "retry.backoff.max.ms": 50,
};

export class Load {
  readonly #kafka: Kafka;
  readonly #ledger: Ledger;
  readonly #draw: Draw;
  readonly #working: Promise<void>[] = [];
  readonly #admin: Admin;
  #isStopping = false;

  constructor(bootstrapServers: string, ledger: Ledger, draw: Draw) {
    this.#kafka = new Kafka({ bootstrapServers, ...patient });
    this.#ledger = ledger;
    this.#draw = draw;
    this.#admin = this.#kafka.admin();
  }

  async start(): Promise<void> {
    await this.#admin.createTopics([{ topic, numPartitions: partitions, configs: { "segment.bytes": "4000000" } }]);
    for (let producer = 0; producer < producers; producer++) this.#do(() => this.#produce(producer, this.#draw.fork()));
    for (let member = 0; member < members; member++) this.#do(() => this.#consume(member, this.#draw.fork()));
    for (let number = 0; number < committers; number++) this.#do(() => this.#commit(`commits-${number}`));
    this.#do(() => this.#comeAndGo());
    this.#do(() => this.#watchCommits());
    this.#do(() => this.#watchTopics());
  }

  /** Everybody ends what they began, which takes a broker that lives. Then all that was promised must be told. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#working);
    await this.#watchCommits();
    await this.#watchTopics();
    await this.#admin.close();
  }

  #do(work: () => Promise<void>): void {
    const working = work().catch((error: Error) => this.#ledger.breach(`a client gave up: ${error.stack}`));
    this.#working.push(working);
  }

  async #produce(number: number, draw: Draw): Promise<void> {
    const producer = this.#kafka.producer({
      "compression.type": compressions[number]!,
      "linger.ms": number,
      "delivery.timeout.ms": never,
      "max.block.ms": never,
    });
    await Promise.all(
      Array.from({ length: partitions }, (_, partition) => this.#fill(producer, number, partition, draw)),
    );
    await producer.close();
  }

  async #fill(producer: Producer, number: number, partition: number, draw: Draw): Promise<void> {
    const open: Promise<void>[] = [];
    for (let sequence = 0; !this.#isStopping; sequence++) {
      const value = recordValue(number, sequence, draw.chance(0.002) ? draw.below(400_000) : draw.below(300));
      this.#ledger.sent[partition]![number] = sequence + 1;
      const sent = producer.send({ topic, partition, value });
      const stored = sent.then(({ offset }) => this.#ledger.stored(partition, number, sequence, offset));
      stored.catch(() => undefined); // told in its turn, or by the one before it
      open.push(stored);
      if (open.length >= window) await open.shift();
    }
    await Promise.all(open);
  }

  /** Reads and commits; every member but the first leaves now and then, and comes back. */
  async #consume(number: number, draw: Draw): Promise<void> {
    while (!this.#isStopping) {
      const consumer = this.#kafka.consumer({
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": false,
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 300,
        "value.deserializer": "string",
      });
      await consumer.subscribe(topic);
      await this.#read(consumer, number === 0 ? Number.POSITIVE_INFINITY : 20 + draw.below(2000));
      await consumer.close();
    }
  }

  async #read(consumer: Consumer<Uint8Array, string>, mostBatches: number): Promise<void> {
    let batches = 0;
    const stop = new AbortController();
    const isOver = () => batches >= mostBatches || this.#isStopping;
    for await (const { partition, records } of consumer.batches({ signal: stop.signal })) {
      for (const { offset, value } of records) this.#ledger.show(partition, offset, value!);
      const offset = records.at(-1)!.offset + 1;
      this.#ledger.committing(`${group}/${partition}`, offset);
      const committed = await consumer.commit({ topic, partition, offset }).then(
        () => true,
        () => false, // the partition went to another member
      );
      if (committed) this.#ledger.committed(`${group}/${partition}`, offset);
      batches++;
      if (isOver()) stop.abort();
    }
  }

  /** As a consumer without a group's membership: one commit after the other. */
  async #commit(id: string): Promise<void> {
    for (let offset = 0; !this.#isStopping; offset++) {
      const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset }));
      for (const { partition } of all) this.#ledger.committing(`${id}/${partition}`, offset);
      await this.#admin.alterGroupOffsets(id, all);
      for (const { partition } of all) this.#ledger.committed(`${id}/${partition}`, offset);
    }
  }

  async #comeAndGo(): Promise<void> {
    const { created, deleting, deleted } = this.#ledger;
    for (let number = 0; !this.#isStopping; number++) {
      const name = `fleeting-${number}`;
      await this.#once(() => this.#admin.createTopics([{ topic: name, numPartitions: 2 }]), "TOPIC_ALREADY_EXISTS");
      created.add(name);
      if (number < 10) continue;
      const old = `fleeting-${number - 10}`;
      deleting.add(old);
      await this.#once(() => this.#admin.deleteTopics([old]), "UNKNOWN_TOPIC_OR_PARTITION");
      deleted.add(old);
    }
  }

  /** What was asked for before the broker died may have been done: then the next attempt finds that. */
  async #once(change: () => Promise<unknown>, doneAlready: string): Promise<void> {
    await change().catch((error: { code?: string }) => {
      if (error.code !== doneAlready) throw error;
    });
  }

  /** Asks again and again, in this life of the broker and the next ones: what was promised before must be told. */
  async #watchCommits(): Promise<void> {
    do {
      const promises = promisesNow(this.#ledger);
      auditCommits(this.#ledger, promises, await this.#committed());
    } while (!this.#isStopping);
  }

  async #committed(): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    const groups = new Set(Array.from(this.#ledger.commits.keys(), (of) => of.split("/")[0]!));
    for (const id of groups) {
      for (const { partition, offset } of await this.#admin.listGroupOffsets(id))
        found.set(`${id}/${partition}`, offset);
    }
    return found;
  }

  async #watchTopics(): Promise<void> {
    do {
      const created = new Set(this.#ledger.created);
      const deleted = new Set(this.#ledger.deleted);
      const found = new Set((await this.#admin.listTopics()).map(({ topic: name }) => name));
      auditTopics(this.#ledger, { created, deleted }, found);
    } while (!this.#isStopping);
  }
}
