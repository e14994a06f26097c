/** What must hold whenever the broker was killed. Each finds its breaches, as sentences in the ledger. */
import { type Ledger, mostProducers, recordOf } from "./ledger.ts";

/** Reads one partition of the log from its first record on, in order. */
export class PartitionAudit {
  readonly #ledger: Ledger;
  readonly #partition: number;
  readonly #next: number[];
  #offset = 0;

  constructor(ledger: Ledger, partition: number) {
    this.#ledger = ledger;
    this.#partition = partition;
    this.#next = ledger.sent[partition]!.map(() => 0);
  }

  /** No offset is left out; of each producer, every record stands there once and in its order. */
  read(offset: number, value: string): void {
    const ledger = this.#ledger;
    const at = `partition ${this.#partition}, offset ${offset}`;
    if (offset !== this.#offset) ledger.breach(`${at}: expected offset ${this.#offset}`);
    this.#offset = offset + 1;
    const record = recordOf(value);
    const producer = record % mostProducers;
    const sequence = Math.floor(record / mostProducers);
    const expected = this.#next[producer]!;
    this.#next[producer] = sequence + 1;
    if (sequence < expected)
      ledger.breach(`${at}: record ${sequence} of producer ${producer} again, after ${expected - 1}`);
    if (sequence > expected)
      ledger.breach(`${at}: record ${sequence} of producer ${producer}, but ${expected} is missing`);
    const acknowledged = ledger.offsets[this.#partition]![producer]![sequence];
    if (acknowledged !== undefined && acknowledged !== offset) {
      ledger.breach(`${at}: record ${sequence} of producer ${producer} was acknowledged at ${acknowledged}`);
    }
    const shown = ledger.shown[this.#partition]![offset];
    if (shown !== undefined && shown !== record) ledger.breach(`${at}: a consumer saw another record there`);
  }

  /** Everything that was acknowledged, or shown, has been read. */
  end(): void {
    const { sent, shown, breaches } = this.#ledger;
    for (const [producer, next] of this.#next.entries()) {
      const wanted = sent[this.#partition]![producer]!;
      if (next < wanted)
        breaches.push(`partition ${this.#partition}: producer ${producer} wrote ${wanted} records, ${next} are there`);
    }
    const seen = shown[this.#partition]!.length;
    if (seen > this.#offset)
      breaches.push(`partition ${this.#partition}: consumers saw ${seen} records, ${this.#offset} are there`);
  }
}

/** What was promised before somebody asked. */
export type Promises = ReadonlyMap<string, number>;

export function promisesNow({ commits }: Ledger): Promises {
  return new Map(Array.from(commits, ([of, { acknowledged }]) => [of, acknowledged]));
}

/** @param found committed offsets, as the broker told them after `promises` were made. */
export function auditCommits(ledger: Ledger, promises: Promises, found: ReadonlyMap<string, number>): void {
  for (const [of, promised] of promises) {
    const offset = found.get(of) ?? -1;
    const { attempted } = ledger.commits.get(of)!;
    if (offset < promised) ledger.breach(`${of}: the commit of ${promised} was acknowledged, ${offset} is there`);
    if (offset > attempted) ledger.breach(`${of}: ${offset} is committed, nobody committed more than ${attempted}`);
  }
}

/** @param promises topics whose creation, and whose deletion, was answered before the question. */
export function auditTopics(
  ledger: Ledger,
  promises: { readonly created: ReadonlySet<string>; readonly deleted: ReadonlySet<string> },
  found: ReadonlySet<string>,
): void {
  for (const name of promises.created) {
    if (!found.has(name) && !ledger.deleting.has(name)) ledger.breach(`topic ${name} was created and is gone`);
  }
  for (const name of promises.deleted) if (found.has(name)) ledger.breach(`topic ${name} was deleted and came back`);
}
