/** The engine that keeps nothing: everything is durable at once, and gone with the process (`--ephemeral`, tests). */
import type { Platform } from "../../protocol/platform.ts";
import { defaultProducerIdExpirationMs } from "../config.ts";
import { type Log, type LogConfig, LogError, type TopicPartition } from "../log.ts";
import type { PartitionIdentity } from "../partition-state.ts";
import { MemoryPartition } from "./partition.ts";

export interface MemoryLogOptions {
  readonly platform: Platform;
  readonly producerIdExpirationMs?: number;
}

/** A log that is gone with its process; for tests, and for brokers that keep nothing. */
export function openMemoryLog(options: MemoryLogOptions): Log {
  return new MemoryLog(options);
}

class MemoryLog implements Log {
  readonly #partitions = new Map<string, MemoryPartition>();
  readonly #options: MemoryLogOptions;

  constructor(options: MemoryLogOptions) {
    this.#options = options;
  }

  partitions(): Iterable<TopicPartition & { readonly topicId: string }> {
    return this.#partitions.values();
  }

  get(topic: string, partition: number): MemoryPartition | undefined {
    return this.#partitions.get(`${topic}-${partition}`);
  }

  async create(at: PartitionIdentity, config: LogConfig): Promise<MemoryPartition> {
    const name = `${at.topic}-${at.partition}`;
    if (this.#partitions.has(name)) throw new LogError("exists", `${name} exists`);
    const partition = new MemoryPartition(at, config, this.#options.platform);
    this.#partitions.set(name, partition);
    return partition;
  }

  async delete(topic: string, partition: number): Promise<void> {
    const name = `${topic}-${partition}`;
    this.#partitions.get(name)?.markDeleted();
    this.#partitions.delete(name);
  }

  async clean(wallMs: number): Promise<void> {
    const expirationMs = this.#options.producerIdExpirationMs ?? defaultProducerIdExpirationMs;
    for (const partition of this.#partitions.values()) {
      partition.producerStates.expire(wallMs, expirationMs);
      partition.clean(wallMs);
      partition.compact(wallMs);
    }
  }

  async close(): Promise<void> {
    for (const partition of this.#partitions.values()) partition.markDeleted();
    this.#partitions.clear();
  }
}
