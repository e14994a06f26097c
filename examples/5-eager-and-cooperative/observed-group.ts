/** A group in this process, and what is seen of it: who owns which partition when, and when records are read. */
import { setTimeout as pause } from "node:timers/promises";
import type { Consumer, Kafka, TopicPartition } from "regroup";

/** From `atMs` on, this consumer owns the partition; undefined: nobody does. */
interface Change {
  readonly atMs: number;
  readonly partition: number;
  readonly owner: string | undefined;
}

export interface Rebalance {
  /** Owners of the partitions before, in the moment when the fewest had one, and after. */
  readonly stages: readonly (readonly (string | undefined)[])[];
  /** For each partition, how long it had no owner. */
  readonly pausesMs: readonly number[];
  /** For each partition, records read while some partition of the group had no owner. */
  readonly readMeanwhile: readonly number[];
}

export class ObservedGroup {
  readonly #changes: Change[] = [];
  readonly #reads: { readonly atMs: number; readonly partition: number }[] = [];
  readonly #consumers: Consumer[] = [];
  readonly #open: (name: string) => Consumer;
  readonly #topic: string;
  readonly #partitionCount: number;

  /** @param finishMs is what a consumer needs to finish its work when it is asked to give partitions up. */
  constructor(
    kafka: Kafka,
    topic: string,
    partitionCount: number,
    assignor: "sticky" | "cooperative-sticky",
    finishMs: number,
  ) {
    this.#topic = topic;
    this.#partitionCount = partitionCount;
    this.#open = (name) =>
      kafka.consumer({
        groupId: `side-by-side-${assignor}`,
        clientId: name,
        partitionAssignmentStrategy: [assignor],
        onPartitionsAssigned: (partitions) => this.#note(partitions, name),
        onPartitionsRevoked: async (partitions) => {
          this.#note(partitions, undefined);
          if (partitions.length > 0) await pause(finishMs);
        },
      });
  }

  async join(name: string): Promise<void> {
    const consumer = this.#open(name);
    this.#consumers.push(consumer);
    await consumer.subscribe([this.#topic]);
    consumer.run({ eachRecord: ({ partition }) => this.#reads.push({ atMs: performance.now(), partition }) });
  }

  /** Awaits that each partition has an owner, and each consumer as many as the others. */
  async settled(): Promise<void> {
    const share = this.#partitionCount / this.#consumers.length;
    while (this.#consumers.some((consumer) => consumer.assignment().length !== share)) await pause(10);
  }

  /** Awaits that so many records were read of each partition from now on. */
  async hasRead(count: number): Promise<void> {
    const from = this.#reads.length;
    const isDone = (partition: number) =>
      this.#reads.slice(from).filter((it) => it.partition === partition).length >= count;
    while (!Array.from({ length: this.#partitionCount }, (_, partition) => partition).every(isDone)) await pause(10);
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
  }

  /** What happened between these two moments. */
  rebalance(fromMs: number, toMs: number): Rebalance {
    const changes = this.#changes.filter(({ atMs }) => atMs > fromMs && atMs < toMs);
    const before = this.#ownersAt(fromMs);
    const moments = [before, ...changes.map(({ atMs }) => this.#ownersAt(atMs))];
    const fewest = moments.reduce((least, owners) => (ownerless(owners) > ownerless(least) ? owners : least));
    const first = changes.find(({ owner }) => owner === undefined)?.atMs ?? toMs;
    const last = changes.findLast(({ owner }) => owner !== undefined)?.atMs ?? toMs;
    const meanwhile = this.#reads.filter(({ atMs }) => atMs > first && atMs < last);
    return {
      stages: [before, fewest, this.#ownersAt(toMs)],
      pausesMs: before.map((_, partition) => pauseMs(changes.filter((it) => it.partition === partition))),
      readMeanwhile: before.map((_, partition) => meanwhile.filter((it) => it.partition === partition).length),
    };
  }

  #note(partitions: readonly TopicPartition[], owner: string | undefined): void {
    const atMs = performance.now();
    for (const { partition } of partitions) this.#changes.push({ atMs, partition, owner });
  }

  #ownersAt(atMs: number): (string | undefined)[] {
    const owners = new Array<string | undefined>(this.#partitionCount).fill(undefined);
    for (const change of this.#changes) if (change.atMs <= atMs) owners[change.partition] = change.owner;
    return owners;
  }
}

function ownerless(owners: readonly (string | undefined)[]): number {
  return owners.filter((owner) => owner === undefined).length;
}

function pauseMs(changes: readonly Change[]): number {
  const [givenUp, given] = [changes.find(({ owner }) => owner === undefined), changes.at(-1)];
  return givenUp === undefined ? 0 : given!.atMs - givenUp.atMs;
}
