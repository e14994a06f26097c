/** One topic, as a test sees it. */
import type { BrokerServices, LedPartition } from "../broker/context.ts";
import { encodeBatch } from "../protocol/records/batch.ts";
import type { AwaitOptions } from "./awaiting.ts";
import type { Group, GroupView } from "./group.ts";

/** A record to be put into a topic: its value, or more of it. */
export type TestRecord = string | { readonly value: string; readonly key?: string; readonly partition?: number };

export interface TopicSurroundings {
  readonly broker: () => BrokerServices;
  readonly group: (groupId: string) => Group;
  readonly leaderOf: (topic: string, partition: number) => number;
  readonly moveLeader: (topic: string, partition: number, to?: number) => Promise<void>;
}

const utf8 = new TextEncoder();

/** A topic of the broker, to read and to write without a client. */
export class Topic {
  readonly name: string;
  readonly #around: TopicSurroundings;

  constructor(name: string, around: TopicSurroundings) {
    this.name = name;
    this.#around = around;
  }

  /** Awaits that the group has committed all that is in the topic now. */
  consumed(by: string, options?: AwaitOptions): Promise<GroupView> {
    const ends = this.endOffsets().entries();
    const wanted = [...ends].filter(([, end]) => end > 0);
    const isSo = ({ offsets }: GroupView) =>
      wanted.every(([partition, end]) => (offsets[this.name]?.[partition] ?? 0) >= end);
    const where = wanted.map(([partition, end]) => `${partition} at ${end}`).join(", ");
    return this.#around.group(by).until(`to have consumed ${this.name} (${where})`, isSo, options);
  }

  /** Puts records into the topic without a producer; those without a partition go to partition 0. */
  async produce(records: readonly TestRecord[]): Promise<void> {
    const byPartition = Map.groupBy(records, (record) => (typeof record === "string" ? 0 : (record.partition ?? 0)));
    for (const [partition, some] of byPartition) await this.#append(this.#led(partition), some);
  }

  /** By partition, the offset that the next record gets. */
  endOffsets(): number[] {
    return this.#partitions().map(({ log }) => log.highWatermark);
  }

  /** The node that leads the partition. */
  leaderOf(partition: number): number {
    return this.#around.leaderOf(this.name, partition);
  }

  /** Its leader goes to another node, or away and back when there is one node only: a next leader epoch. */
  moveLeader(partition: number, to?: number): Promise<void> {
    return this.#around.moveLeader(this.name, partition, to);
  }

  async #append({ leaderEpoch, log }: LedPartition, some: readonly TestRecord[]): Promise<void> {
    const { clock, platform } = this.#around.broker();
    const { wallMs } = clock.now();
    const records = some.map((record) => {
      const { value, key } = typeof record === "string" ? { value: record } : record;
      return { timestamp: wallMs, key: key === undefined ? null : utf8.encode(key), value: utf8.encode(value) };
    });
    const appended = log.append(encodeBatch({ records }, platform), { leaderEpoch, wallMs });
    if (!appended.ok) throw new Error(`${this.name} takes no records: ${appended.refusal}`);
    await appended.durable;
  }

  #partitions(): LedPartition[] {
    const count = this.#around.broker().metadata.topic(this.name)?.partitions.length ?? 0;
    return Array.from({ length: count }, (_, partition) => this.#led(partition));
  }

  #led(partition: number): LedPartition {
    const found = this.#around.broker().partition(this.name, partition);
    if (!found.ok) throw new RangeError(`there is no partition ${this.name}-${partition}`);
    return found.partition;
  }
}
