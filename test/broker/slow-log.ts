/** A memory log whose client-written partitions become durable, or do not, when the test says so. */
import { type AppendRefusal, type AppendResult, type Log, LogError, type PartitionLog } from "../../src/log/log.ts";

export class SlowDisk {
  /** Refuses the next appends. */
  refusal: AppendRefusal | undefined;
  readonly #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

  get appendsInFlight(): number {
    return this.#waiting.length;
  }

  sync(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** Of one append in flight, counted from 0, with what no log should say. */
  break(at: number): void {
    for (const { reject } of this.#waiting.splice(at, 1)) reject(new Error("a defect"));
  }

  fail(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new LogError("failed", "the disk refused"));
  }

  /** The log with the partitions of one topic on this disk. */
  under(log: Log, topic: string): Log {
    return {
      partitions: () => log.partitions(),
      get: (name, partition) => log.get(name, partition),
      create: async (at, config) => {
        const partition = await log.create(at, config);
        return at.topic === topic ? this.#slow(partition) : partition;
      },
      delete: (name, partition) => log.delete(name, partition),
      clean: (wallMs) => log.clean(wallMs),
      close: () => log.close(),
    };
  }

  #slow(partition: PartitionLog): PartitionLog {
    const append: PartitionLog["append"] = (bytes, options): AppendResult => {
      if (this.refusal !== undefined) return { ok: false, refusal: this.refusal };
      const result = partition.append(bytes, options);
      if (!result.ok) return result;
      const durable = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
      return { ...result, durable };
    };
    return new Proxy(partition, {
      get(target, key) {
        if (key === "append") return append;
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }
}
