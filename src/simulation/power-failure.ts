/**
 * Where no append waits for the disk, power may take what was acknowledged, from the end: what is left has to be what
 * all partitions were at one moment (docs/durability.md). So many promises would not outlive it that a world goes on
 * as it was, and a log is opened apart on what the disk would have then.
 */
import type { Log, PartitionLog } from "../log/log.ts";

interface Append {
  readonly topic: string;
  readonly partition: number;
  /** Of the partition, behind what was appended. */
  readonly end: number;
}

/** What a log has taken, of all partitions in one order. */
export class AppendOrder {
  #appends: Append[];

  constructor(appends: Append[] = []) {
    this.#appends = appends;
  }

  /** As it is now. */
  copy(): AppendOrder {
    return new AppendOrder([...this.#appends]);
  }

  took({ topic, partition, logEndOffset: end }: PartitionLog): void {
    this.#appends.push({ topic, partition, end });
  }

  /** A process before has died: what it had not written is gone. */
  opened(log: Log): void {
    this.#appends = this.#appends.filter((append) => append.end <= endIn(log, append));
  }

  /** @param left after the power has failed. @returns in which way that was never so. */
  differenceTo(left: Log, deleted: ReadonlySet<string>): string | undefined {
    const appends = this.#appends.filter(({ topic }) => !deleted.has(topic));
    const lost = appends.findIndex((append) => append.end > endIn(left, append));
    if (lost >= 0) {
      const late = appends.slice(lost).find((append) => append.end <= endIn(left, append));
      if (late !== undefined) return `${words(late)} is there, ${words(appends[lost]!)} came before it and is not`;
    }
    const ends = Map.groupBy(appends, ({ topic, partition }) => `${topic}-${partition}`);
    for (const [name, all] of ends) {
      const end = endIn(left, all[0]!);
      if (end < 0) return `${name} is gone`;
      if (end > 0 && all.every((append) => append.end !== end))
        return `${name} ends at ${end}, in the midst of a batch`;
    }
    return undefined;
  }
}

function endIn(log: Log, { topic, partition }: Append): number {
  return log.get(topic, partition)?.logEndOffset ?? -1;
}

function words({ topic, partition, end }: Append): string {
  return `what ends at ${end} of ${topic}-${partition}`;
}
