import { Deferred, type Group, type Waiter } from "./group.ts";
import type { FilePartition } from "./partition.ts";

/** Appends to one partition that wait for one group's write. */
export class PendingAppends implements Waiter {
  readonly group: Group;
  readonly deferred = new Deferred();
  readonly #partition: FilePartition;
  endOffset = 0;
  bytes = 0;

  constructor(partition: FilePartition, group: Group) {
    this.#partition = partition;
    this.group = group;
    group.join(this);
  }

  durable(): void {
    this.#partition.acknowledged(this);
    this.deferred.resolve();
  }

  failed(error: Error): void {
    this.#partition.settled(this);
    this.#partition.forgetUnacknowledged();
    this.deferred.reject(error);
  }
}
