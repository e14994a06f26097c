/** What the broker promised, and what it showed, in all its lives. Numbers only: a long run has millions of records. */

/** A record's value, up to its padding: whose it is, and its place in what that producer wrote to the partition. */
export function recordValue(producer: number, sequence: number, paddingBytes: number): string {
  return `${producer}:${sequence}:${"x".repeat(paddingBytes)}`;
}

/** @returns producer and sequence in one number, to compare. */
export function recordOf(value: string): number {
  const [producer, sequence] = value.split(":", 2).map(Number);
  return sequence! * mostProducers + producer!;
}

export const mostProducers = 16;

/** A number that was acknowledged, and the largest that was asked for: what is found must lie between them. */
export interface Promised {
  acknowledged: number;
  attempted: number;
}

export class Ledger {
  /** By partition and producer: the offset of each sequence, as acknowledged. */
  readonly offsets: number[][][];
  /** By partition and producer: records that were given to the producer. */
  readonly sent: number[][];
  /** By partition: what consumers saw at each offset. */
  readonly shown: number[][];
  /** By `group/partition`. */
  readonly commits = new Map<string, Promised>();
  readonly created = new Set<string>();
  readonly deleting = new Set<string>();
  readonly deleted = new Set<string>();
  readonly breaches: string[] = [];
  acknowledgedRecords = 0;
  acknowledgedCommits = 0;

  constructor(partitions: number, producers: number) {
    const table = <T>(cell: () => T): T[][] =>
      Array.from({ length: partitions }, () => Array.from({ length: producers }, cell));
    this.offsets = table(() => []);
    this.sent = table(() => 0);
    this.shown = Array.from({ length: partitions }, () => []);
  }

  breach(what: string): void {
    this.breaches.push(what);
  }

  stored(partition: number, producer: number, sequence: number, offset: number): void {
    this.offsets[partition]![producer]![sequence] = offset;
    this.acknowledgedRecords++;
  }

  show(partition: number, offset: number, value: string): void {
    const record = recordOf(value);
    const before = this.shown[partition]![offset];
    if (before !== undefined && before !== record) {
      this.breach(`partition ${partition}, offset ${offset}: ${value.slice(0, 40)} now, another record before`);
    }
    this.shown[partition]![offset] = record;
  }

  #commit(of: string): Promised {
    const known = this.commits.get(of) ?? { acknowledged: -1, attempted: -1 };
    this.commits.set(of, known);
    return known;
  }

  committing(of: string, offset: number): void {
    const commit = this.#commit(of);
    commit.attempted = Math.max(commit.attempted, offset);
  }

  committed(of: string, offset: number): void {
    const commit = this.#commit(of);
    commit.acknowledged = Math.max(commit.acknowledged, offset);
    this.acknowledgedCommits++;
  }
}
