import type { CommittedOffset, OffsetCommitRecord } from "./record.ts";

/** Where an offset belongs. */
type OffsetKey = Pick<OffsetCommitRecord, "group" | "topic" | "partition">;

/** The offsets of open transactions for one partition of one group. */
export interface PendingPartition extends OffsetKey {
  /** By producer, in the order of the log; null: a later record has overridden it, it will not count any more. */
  readonly byProducer: Map<number, CommittedOffset | null>;
}

/**
 * Offsets that transactions have written and no marker has decided (rule 41). Written by `replay` and by nothing else.
 *
 * What counts in the end is what was written last, not what was decided last: an offset that was committed after a
 * pending one is not undone by the marker of that one, as in Kafka.
 */
export class PendingOffsets {
  /** Group → topic → partition; no map is ever empty. */
  readonly groups = new Map<string, Map<string, Map<number, PendingPartition>>>();
  readonly #byProducer = new Map<number, Set<PendingPartition>>();

  /** A transaction has written an offset. */
  put(producerId: number, key: OffsetKey, value: CommittedOffset): void {
    const pending = this.#madePartition(key);
    pending.byProducer.delete(producerId); // so that it goes to the end
    pending.byProducer.set(producerId, value);
    madeIn(this.#byProducer, producerId, () => new Set()).add(pending);
  }

  /** An offset was committed outside of transactions, later than all that is pending for it. */
  override(key: OffsetKey): void {
    const pending = this.#of(key);
    for (const producerId of pending?.byProducer.keys() ?? []) pending?.byProducer.set(producerId, null);
  }

  /** The offset is deleted, with all that is pending for it. */
  delete(key: OffsetKey): void {
    const pending = this.#of(key);
    for (const producerId of [...(pending?.byProducer.keys() ?? [])]) this.#remove(pending!, producerId);
  }

  /** The producer's transaction is over. @returns what counts now if it was committed. */
  end(producerId: number, type: "COMMIT" | "ABORT"): OffsetCommitRecord[] {
    const committed: OffsetCommitRecord[] = [];
    for (const pending of this.#byProducer.get(producerId) ?? []) {
      const { group, topic, partition, byProducer } = pending;
      const value = byProducer.get(producerId) ?? null;
      if (type === "COMMIT" && value !== null) {
        committed.push({ type: "OffsetCommit", group, topic, partition, value });
        overrideBefore(byProducer, producerId);
      }
      this.#remove(pending, producerId);
    }
    return committed;
  }

  has(group: string, topic: string, partition: number): boolean {
    return this.#of({ group, topic, partition }) !== undefined;
  }

  *ofGroup(group: string): Generator<PendingPartition> {
    for (const partitions of this.groups.get(group)?.values() ?? []) yield* partitions.values();
  }

  #of({ group, topic, partition }: OffsetKey): PendingPartition | undefined {
    return this.groups.get(group)?.get(topic)?.get(partition);
  }

  #madePartition(key: OffsetKey): PendingPartition {
    const topics = madeIn(this.groups, key.group, () => new Map());
    const partitions = madeIn(topics, key.topic, () => new Map());
    return madeIn(partitions, key.partition, () => {
      const { group, topic, partition } = key;
      return { group, topic, partition, byProducer: new Map() };
    });
  }

  #remove(pending: PendingPartition, producerId: number): void {
    const { group, topic, partition, byProducer } = pending;
    const ofProducer = this.#byProducer.get(producerId);
    ofProducer?.delete(pending);
    if (ofProducer?.size === 0) this.#byProducer.delete(producerId);
    byProducer.delete(producerId);
    if (byProducer.size > 0) return;
    const topics = this.groups.get(group);
    const partitions = topics?.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) topics?.delete(topic);
    if (topics?.size === 0) this.groups.delete(group);
  }
}

/** What other transactions wrote before it is older than what counts now. */
function overrideBefore(byProducer: Map<number, CommittedOffset | null>, producerId: number): void {
  for (const other of byProducer.keys()) {
    if (other === producerId) return;
    byProducer.set(other, null);
  }
}

function madeIn<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
