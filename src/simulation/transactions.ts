/**
 * What transactions were to do, and what became of it: nobody reads what is not committed, all of a transaction counts
 * or nothing, its offsets exactly when its records do, and who was fenced changes nothing (KIP-98, 447, 890).
 */
import { keyOf, type Partitions } from "../client/member/partitions.ts";
import type { ReadRecord } from "./shown-records.ts";
import type { World } from "./world.ts";

/** `committing`, `aborting`: it was asked for, and no answer came. Only the first of them may go either way. */
type Outcome = "open" | "committing" | "aborting" | "committed" | "aborted";

export class Transaction {
  readonly transactionalId: string;
  readonly number: number;
  outcome: Outcome = "open";
  /** What was acknowledged, by text. */
  readonly records = new Map<string, Partitions[number]>();
  hasOffsets = false;

  constructor(transactionalId: string, number: number) {
    this.transactionalId = transactionalId;
    this.number = number;
  }

  get name(): string {
    return `${this.transactionalId}/${this.number}`;
  }

  get mayCount(): boolean {
    return this.outcome === "committing" || this.outcome === "committed";
  }

  /** The next record's. */
  text(): string {
    return `${this.name}/${this.records.size}`;
  }
}

export class Transactions {
  readonly #world: World;
  readonly #deletedTopics: ReadonlySet<string>;
  readonly #all = new Map<string, Transaction>();
  /** By transactional id: how many there were, and the epoch that InitProducerId told last. */
  readonly #begun = new Map<string, number>();
  readonly #epochs = new Map<string, number>();

  constructor(world: World, deletedTopics: ReadonlySet<string>) {
    this.#world = world;
    this.#deletedTopics = deletedTopics;
  }

  begin(transactionalId: string): Transaction {
    const number = this.begunOf(transactionalId);
    this.#begun.set(transactionalId, number + 1);
    const transaction = new Transaction(transactionalId, number);
    this.#all.set(transaction.name, transaction);
    return transaction;
  }

  begunOf(transactionalId: string): number {
    return this.#begun.get(transactionalId) ?? 0;
  }

  /** Whoever has an earlier epoch is fenced from now on. */
  initialised(transactionalId: string, producerEpoch: number): void {
    this.#epochs.set(transactionalId, Math.max(this.newestEpoch(transactionalId), producerEpoch));
  }

  newestEpoch(transactionalId: string): number {
    return this.#epochs.get(transactionalId) ?? -1;
  }

  fencedOneWasHeard(what: string): void {
    this.#world.violated("a fenced producer changes nothing", what);
  }

  /** A read_committed reader was shown it. */
  shown(at: Partitions[number], { offset, text }: ReadRecord): void {
    const transaction = this.#of(text);
    if (transaction === undefined || transaction.mayCount) return;
    const message = `${text} at ${offset} of ${keyOf(at)}, whose transaction is ${transaction.outcome}`;
    this.#world.violated("nothing is read that is not committed", message);
  }

  /** An OffsetFetch told of this commit. */
  offsetTold(metadata: string | null): void {
    const transaction = this.#of(metadata ?? "");
    if (transaction === undefined || transaction.mayCount) return;
    const message = `the offsets of ${transaction.name} are told, and it is ${transaction.outcome}`;
    this.#world.violated("offsets count exactly when the outputs do", message);
  }

  /**
   * A producer begins anew and finds these offsets: what came before it is decided.
   * @param begun so many transactions there were when it had fenced the others.
   */
  resumed(transactionalId: string, metadata: string | null, begun: number): void {
    const last = this.#of(metadata ?? "")?.number ?? -1;
    if (last >= begun) return; // another has begun since
    for (let number = 0; number < begun; number++) {
      const transaction = this.#all.get(`${transactionalId}/${number}`)!;
      if (!transaction.hasOffsets || number < last) continue;
      if (number > last && transaction.outcome === "committed") {
        const message = `${transaction.name} was committed, and the offsets are those of ${transactionalId}/${last}`;
        this.#world.violated("offsets count exactly when the outputs do", message);
      }
      if (transaction.outcome === "committing") transaction.outcome = number === last ? "committed" : "aborted";
    }
  }

  /** In the end. @param found with read_committed, by partition: text by offset. @returns what is wrong. */
  differenceTo(found: ReadonlyMap<string, ReadonlyMap<number, string>>): string | undefined {
    const places = new Map<string, number>();
    for (const texts of found.values())
      for (const text of texts.values()) places.set(text, (places.get(text) ?? 0) + 1);
    for (const transaction of this.#all.values()) {
      const texts = [...transaction.records].filter(([, { topic }]) => !this.#deletedTopics.has(topic));
      const shown = texts.filter(([text]) => places.has(text)).length;
      const twice = texts.find(([text]) => places.get(text)! > 1);
      if (twice !== undefined) return `${twice[0]} is there ${places.get(twice[0])} times`;
      const isWhole = shown === texts.length;
      const { name, outcome } = transaction;
      const isRight = outcome === "committed" ? isWhole : shown === 0 || (outcome === "committing" && isWhole);
      if (!isRight) return `${name} is ${outcome}, and ${shown} of its ${texts.length} records are read`;
    }
    return undefined;
  }

  /** Of the text of a record or a commit. */
  #of(text: string): Transaction | undefined {
    const end = text.lastIndexOf("/");
    return end < 0 ? undefined : this.#all.get(text.slice(0, end));
  }
}
