/** Producers that come, fence, end, retry and are forgotten, markers that are late, crashes: in any order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ErrorCode } from "../../src/protocol/errors.ts";
import type { MarkersWanted } from "../../src/transaction/facts.ts";
import type { Answered } from "../../src/transaction/requests.ts";
import { type Happening, World } from "./support/world.ts";

const ids = ["tx", "other"];
const producers = ["a", "b", "c"];

/** Mostly one and the same, which is where producers get into each other's way. */
const mostly = (values: readonly string[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(values[0]!) }, fc.constantFrom(...values));
const producer = fc.record({ id: mostly(ids), name: mostly(producers) });
const version = fc.constantFrom(0 as const, 2 as const, 2 as const);
const act = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("init" as const), producer, goesOn: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("add" as const), producer, version, partition: fc.nat({ max: 2 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("end" as const), producer, version, commits: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("end again" as const), producer }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("write" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("time" as const), seconds: fc.constantFrom(1, 30, 90) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("expire" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("refuse" as const), refuses: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("producer ids" as const), has: fc.boolean() }) },
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;
type Who = { readonly id: string; readonly name: string };

/** One transaction, from its first partition to its end. */
interface Transaction {
  readonly id: string;
  readonly partitions: Set<number>;
  result: "COMMIT" | "ABORT" | undefined;
  /** By partition, what was written there. */
  readonly written: Map<number, "COMMIT" | "ABORT">;
  isComplete: boolean;
}

interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

interface Ended extends Identity {
  readonly version: 0 | 2;
  readonly commits: boolean;
  readonly transaction: Transaction;
}

/** A marker that the broker has to write, or the word that all of them are there. */
interface Task {
  readonly wanted: MarkersWanted;
  readonly transaction: Transaction;
  readonly left: number[];
}

class Run {
  readonly world = new World();
  readonly #identities = new Map<string, Identity>();
  readonly #ends = new Map<string, Ended>();
  /** By id, the transaction that is not complete; and all that there were. */
  readonly #open = new Map<string, Transaction>();
  readonly #all: Transaction[] = [];
  #tasks: Task[] = [];

  do(one: Act): void {
    switch (one.kind) {
      case "init":
        return this.#init(one.producer, one.goesOn);
      case "add":
        return this.#add(one.producer, one.partition, one.version);
      case "end":
        return this.#end(one.producer, one.commits, one.version);
      case "end again":
        return this.#endAgain(one.producer);
      case "write":
        return this.#write(one.which);
      case "time":
        return this.#seen(this.world.advanceTo(this.world.nowMs + one.seconds * 1000));
      case "expire":
        return this.#seen(
          this.world.advanceTo(this.world.nowMs + this.world.config.transactionalIdExpirationMs + 3_600_000),
        );
      case "restart":
        this.#tasks = this.#tasks.filter(({ left }) => left.length === 0); // whose word comes late
        return this.#seen(this.world.restart());
      case "refuse":
        this.world.refusal = one.refuses ? ErrorCode.NOT_COORDINATOR : undefined;
        return;
      case "producer ids":
        this.world.hasProducerIds = one.has;
    }
  }

  /** Everything works again: what was decided has to come true. */
  drain(): void {
    this.world.refusal = undefined;
    this.world.hasProducerIds = true;
    this.#tasks = [];
    this.#seen(this.world.restart());
    for (let tasks = this.#tasks.length; tasks > 0; tasks = this.#tasks.length) this.#write(0);
    for (const { result, written, partitions, isComplete } of this.#all) {
      if (result === undefined) continue;
      assert.ok(isComplete, "what was decided is complete");
      assert.deepEqual(new Set(written.keys()), partitions, "it stands in every partition");
    }
  }

  #key({ id, name }: Who): string {
    return `${id} ${name}`;
  }

  #identity(who: Who): Identity {
    return this.#identities.get(this.#key(who)) ?? { producerId: -1, producerEpoch: -1 };
  }

  #init(who: Who, goesOn: boolean): void {
    const known = this.#identities.get(this.#key(who));
    const expected = goesOn ? known : undefined;
    const reply = this.#ask("InitProducerId", { transactionalId: who.id, transactionTimeoutMs: 60_000, expected });
    this.#learn(who, reply as Answered);
    if ((reply as Answered).errorCode === 0) assert.equal(this.#open.get(who.id), undefined, "none is open behind it");
  }

  #add(who: Who, partition: number, transactionVersion: 0 | 2): void {
    const asked = { ...this.#identity(who), transactionalId: who.id, verifyOnly: false, transactionVersion };
    const before = this.world.durable.get(who.id);
    const wasEnding = before?.state.startsWith("Prepare");
    const reply = this.#ask("AddPartitions", { ...asked, topics: [{ name: "orders", partitions: [partition] }] });
    const { topics } = reply as { topics: { partitions: { errorCode: number }[] }[] };
    if (topics[0]!.partitions[0]!.errorCode !== 0) return;
    const isCurrent = before?.producerId === asked.producerId && before.producerEpoch === asked.producerEpoch;
    assert.ok(isCurrent && !wasEnding, "only the current producer adds, and to nothing that ends");
    let open = this.#open.get(who.id);
    if (open === undefined) {
      open = { id: who.id, partitions: new Set(), result: undefined, written: new Map(), isComplete: false };
      this.#open.set(who.id, open);
      this.#all.push(open);
    }
    open.partitions.add(partition);
  }

  #end(who: Who, commits: boolean, transactionVersion: 0 | 2): void {
    const asked = this.#identity(who);
    const open = this.#open.get(who.id);
    const reply = this.#askEnd(who, asked, commits, transactionVersion);
    if (reply.errorCode !== 0) return;
    this.#learn(who, reply);
    if (open === undefined || open.result === undefined) return;
    assert.equal(open.result, commits ? "COMMIT" : "ABORT", "it ends as its producer was told");
    this.#ends.set(this.#key(who), { ...asked, version: transactionVersion, commits, transaction: open });
  }

  /** The producer has lost the answer. Under version 2 an answer to the retry has to be about this transaction. */
  #endAgain(who: Who): void {
    const ended = this.#ends.get(this.#key(who));
    if (ended === undefined || ended.version === 0) return;
    const reply = this.#askEnd(who, ended, ended.commits, 2);
    if (reply.errorCode !== 0) return;
    assert.ok(ended.transaction.isComplete, "a retry is answered when the markers are there");
    assert.equal(ended.transaction.result, ended.commits ? "COMMIT" : "ABORT");
  }

  #askEnd({ id }: Who, { producerId, producerEpoch }: Identity, committed: boolean, transactionVersion: 0 | 2) {
    const asked = { transactionalId: id, producerId, producerEpoch, committed, transactionVersion };
    return this.#ask("EndTransaction", asked) as Answered;
  }

  #learn(who: Who, { errorCode, producerId, producerEpoch }: Answered): void {
    if (errorCode === 0) this.#identities.set(this.#key(who), { producerId, producerEpoch });
  }

  /** The broker writes one marker, or tells that the last one is there. */
  #write(which: number): void {
    const task = this.#tasks[which % Math.max(1, this.#tasks.length)];
    if (task === undefined) return;
    const { wanted, transaction, left } = task;
    const partition = left.shift();
    if (partition === undefined) {
      this.#tasks = this.#tasks.filter((other) => other !== task);
      const { transactionalId, producerId, producerEpoch } = wanted;
      const producer = { transactionalId, producerId, producerEpoch };
      const { errorCode } = this.#ask("MarkersWritten", { ...producer, left: [] }) as Answered;
      if (errorCode !== 0) this.#tasks.push(task);
      return;
    }
    const before = transaction.written.get(partition);
    assert.ok(before === undefined || before === wanted.result, "never both COMMIT and ABORT");
    transaction.written.set(partition, wanted.result);
  }

  #ask(...[type, request]: Parameters<World["submit"]>): unknown {
    const happened = this.world.submit(type, request);
    this.#seen(happened);
    return (happened.find(({ kind }) => kind === "reply") as Happening & { kind: "reply" }).reply;
  }

  #seen(happenings: readonly Happening[]): void {
    for (const one of happenings) {
      if (one.kind !== "fact") continue;
      if (one.fact.type === "MarkersWanted") this.#wanted(one.fact);
      if (one.fact.type === "TransactionCompleted" && one.fact.partitions > 0)
        this.#completed(one.fact.transactionalId);
    }
  }

  #wanted(wanted: MarkersWanted): void {
    const transaction = this.#open.get(wanted.transactionalId);
    assert.ok(transaction !== undefined, "markers are of a transaction that is open");
    assert.ok(transaction.result === undefined || transaction.result === wanted.result, "a decision stays");
    transaction.result = wanted.result;
    const left = wanted.topics.flatMap(({ partitions }) => [...partitions]);
    assert.deepEqual(new Set(left), transaction.partitions, "and for all that was added to it");
    this.#tasks.push({ wanted, transaction, left });
  }

  #completed(id: string): void {
    const transaction = this.#open.get(id)!;
    assert.deepEqual(new Set(transaction.written.keys()), transaction.partitions, "no marker is missing");
    transaction.isComplete = true;
    this.#open.delete(id);
  }
}

test("whatever happens: a transaction has one end, in all of its partitions, and the log tells what is durable", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
      const run = new Run();
      run.do({ kind: "init", producer: { id: "tx", name: "a" }, goesOn: false });
      for (const one of acts) {
        run.do(one);
        assert.deepEqual(run.world.replayed().shard.durable, run.world.durable);
      }
      run.drain();
    }),
    { numRuns: 500 },
  );
});
