/** One transaction, in the hands of the application. */
import { type CommitInput, offsetsIn } from "../consumer/commit-input.ts";
import { CommitFailedError, InvalidStateError } from "../consumer/errors.ts";
import { ClientConfigError, KafkaError } from "../errors.ts";
import type { SendOptions } from "../producer/producer.ts";
import type { RecordMetadata } from "../producer/record.ts";
import { partitionKey, type TopicPartition } from "../topic-partition.ts";
import type { RecordToSend } from "../topic-types.ts";
import type { GroupMetadata } from "./transaction-calls.ts";
import type { TransactionManager } from "./transaction-manager.ts";

type Membership = Omit<GroupMetadata, "groupId"> & { readonly groupId: string | null };

/** A consumer, or what its `groupMetadata()` gave. */
export type OffsetsOf = GroupConsumer | Membership;

/** What a transaction asks of a consumer. */
interface GroupConsumer {
  /** Its group, generation, member id and instance id. */
  groupMetadata(): Membership;
  /** The partitions that are its now. */
  assignment(): readonly TopicPartition[];
}

/** How a producer writes. */
export interface Writes<K, V, Topics> {
  send(record: RecordToSend<K, V, Topics>, options?: SendOptions): Promise<RecordMetadata>;
  sendBatch(records: readonly RecordToSend<K, V, Topics>[], options?: SendOptions): Promise<RecordMetadata[]>;
}

/**
 * What is sent by it counts together, or not at all: consumers with `isolation.level` read_committed see all of it once
 * it is committed. After a send that failed it can only be aborted, and each further call rejects with why.
 */
export class Transaction<K = unknown, V = unknown, Topics = unknown> implements AsyncDisposable {
  readonly #writes: Writes<K, V, Topics>;
  readonly #manager: TransactionManager;
  #isOver = false;

  /** Made by `producer.transaction(…)` and `producer.beginTransaction()`. */
  constructor(writes: Writes<K, V, Topics>, manager: TransactionManager) {
    this.#writes = writes;
    this.#manager = manager;
  }

  /** Committed or aborted, or on its way there. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * As `producer.send`. It need not be awaited: the commit waits for it, and rejects if it failed.
   * @throws {TransactionError} nothing of the transaction counts; its `cause` is why this record was not stored.
   */
  send(record: RecordToSend<K, V, Topics>, options?: SendOptions): Promise<RecordMetadata> {
    return this.#open(() => this.#typed(this.#writes.send(record, options)));
  }

  /** As `producer.sendBatch`. It need not be awaited either. */
  sendBatch(records: readonly RecordToSend<K, V, Topics>[], options?: SendOptions): Promise<RecordMetadata[]> {
    return this.#open(() => this.#typed(this.#writes.sendBatch(records, options)));
  }

  /**
   * Commits offsets of a consumer's group with the transaction (KIP-98, KIP-447). If the group has gone on without the
   * member, the transaction is aborted. It need not be awaited either.
   * @param of the consumer's `groupMetadata()` as of when the records were read; or the consumer, whose membership of
   * now counts: it may have lost its partitions, and got them again after another has read them. `exactlyOnce` notices
   * that, too.
   * @param what records that are processed, or offsets of the next ones.
   * @throws {CommitFailedError} partitions are not the consumer's any more.
   * @throws {TransactionError} UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID, …
   */
  sendOffsets(of: OffsetsOf, what: CommitInput): Promise<void> {
    return this.#open(async () => {
      try {
        const [group, offsets] = [groupOf(of), offsetsIn(what)];
        const gone = "assignment" in of ? notIn(of.assignment(), offsets) : undefined;
        if (gone !== undefined) {
          throw new CommitFailedError(group.groupId, `${gone.topic}-${gone.partition} is not this consumer's any more`);
        }
        if (offsets.length > 0) await this.#manager.sendOffsets(group, offsets);
      } catch (error) {
        this.#manager.recordFailed(error, false);
        throw error;
      }
    });
  }

  /**
   * Awaits what was sent, then makes all of it count.
   * @throws {TransactionAbortedError} nothing of it counts. @throws {ProducerFencedError | TransactionFailedError}
   */
  async commit(): Promise<void> {
    this.#end();
    await this.#manager.commit();
  }

  /** Nothing of it counts. @throws {ProducerFencedError | TransactionFailedError} */
  async abort(): Promise<void> {
    this.#end();
    await this.#manager.abort();
  }

  /** For `await using`: aborts it unless it is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) await this.abort();
  }

  /**
   * Runs the work and commits, or aborts if the work throws.
   * @throws what the work throws; a `TransactionError` if a request of the transaction is what failed.
   */
  async around<T>(work: (transaction: this) => T | Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await work(this);
    } catch (error) {
      const { error: why } = this.#manager;
      if (!this.#isOver) await this.abort();
      throw error instanceof KafkaError ? (why ?? error) : error;
    }
    if (!this.#isOver) await this.commit();
    return result;
  }

  /** A record that failed has failed the transaction: the error tells whether it can be done anew (KIP-1050). */
  async #typed<T>(called: Promise<T>): Promise<T> {
    try {
      return await called;
    } catch (error) {
      throw (error instanceof KafkaError && this.#manager.error) || error;
    }
  }

  #end(): void {
    if (this.#isOver) throw isOver();
    this.#isOver = true;
  }

  /** The commit tells of what failed: a promise that nobody looks at is no unhandled one. */
  #open<T>(call: () => Promise<T>): Promise<T> {
    const why = this.#isOver ? isOver() : this.#manager.error;
    const called = why === undefined ? call() : Promise.reject(why);
    called.catch(() => {});
    return called;
  }
}

function groupOf(of: OffsetsOf): GroupMetadata {
  const { groupId, ...member } = "groupMetadata" in of ? of.groupMetadata() : of;
  if (groupId !== null) return { groupId, ...member };
  throw new ClientConfigError("sendOffsets: the consumer is in no group", "set group.id of the consumer");
}

/** A member that is none any more would commit as one that the group need not know. */
function notIn(assigned: readonly TopicPartition[], offsets: readonly TopicPartition[]): TopicPartition | undefined {
  const keys = new Set(assigned.map(({ topic, partition }) => partitionKey(topic, partition)));
  return offsets.find(({ topic, partition }) => !keys.has(partitionKey(topic, partition)));
}

function isOver(): InvalidStateError {
  return new InvalidStateError("the transaction is over", "begin another one");
}
