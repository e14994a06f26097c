/** The producer of `exactlyOnce`: the one that it was given, or the last of those that it had made. */
import type { Producer } from "../producer/producer.ts";
import { isReplaceable } from "./errors.ts";

export class ProducerInUse<K, V, Topics> {
  readonly #make: (() => Producer<K, V, Topics> | Promise<Producer<K, V, Topics>>) | undefined;
  #current: Producer<K, V, Topics> | undefined;
  #isReady = false;

  constructor(given: Producer<K, V, Topics> | (() => Producer<K, V, Topics> | Promise<Producer<K, V, Topics>>)) {
    if (typeof given === "function") this.#make = given;
    else this.#current = given;
  }

  /** It has fenced those before it, and ended what they left open. @throws {KafkaError} */
  async ready(): Promise<Producer<K, V, Topics>> {
    this.#current ??= await this.#make!();
    if (!this.#isReady) await this.#current.initTransactions();
    this.#isReady = true;
    return this.#current;
  }

  /** @returns whether another producer is to go on after this error; `ready` makes it. */
  async replaced(after: unknown): Promise<boolean> {
    if (this.#make === undefined || !isReplaceable(after)) return false;
    await this.close();
    return true;
  }

  /** Who was given a producer does not close it. */
  async close(): Promise<void> {
    if (this.#make === undefined) return;
    const left = this.#current;
    this.#current = undefined;
    this.#isReady = false;
    await left?.close();
  }
}
