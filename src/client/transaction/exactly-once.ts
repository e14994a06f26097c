/** Read, process, write, commit: as one, again and again. */
import { backoffMs } from "../backoff.ts";
import type { OffsetToCommit } from "../consumer/committer.ts";
import { Consumer } from "../consumer/consumer.ts";
import { InvalidStateError } from "../consumer/errors.ts";
import type { Poll } from "../consumer/polls.ts";
import type { HandlerContext } from "../consumer/run.ts";
import { KafkaError } from "../errors.ts";
import type { Producer } from "../producer/producer.ts";
import type { RecordRead } from "../topic-types.ts";
import { delay } from "../wait.ts";
import { isReplaceable } from "./errors.ts";
import { ProducerInUse } from "./producer-in-use.ts";
import type { Transaction } from "./transaction.ts";

/** Who reads, who writes, and what is done between. `In…` is of the consumer, `Out…` of the producer. */
export interface ExactlyOnceOptions<InKey, InValue, InTopics, OutKey, OutValue, OutTopics> {
  /** A member of a group, with `enable.auto.commit` false; subscribed, or with partitions of its own choice. */
  readonly consumer: Consumer<InKey, InValue, InTopics>;
  /**
   * With a `transactional.id` that no other running producer has. Or what makes one: whenever the last cannot go on,
   * because it was fenced or the outcome of a commit was never told, it is closed and the next one goes on.
   */
  readonly producer:
    | Producer<OutKey, OutValue, OutTopics>
    | (() => Producer<OutKey, OutValue, OutTopics> | Promise<Producer<OutKey, OutValue, OutTopics>>);
  /**
   * Writes by `tx` what follows from the records: up to max.poll.records, of all partitions, each partition's in their
   * order. It is called again with the same records if the transaction cannot be committed, so that what it does
   * elsewhere may be done twice. Its signal is aborted when partitions are lost: nothing of it counts then. It does not
   * end the transaction itself: to have it aborted, throw.
   */
  readonly process: (
    records: readonly RecordRead<InKey, InValue, InTopics>[],
    tx: Transaction<OutKey, OutValue, OutTopics>,
    context: HandlerContext,
  ) => unknown;
  /** Ends it, once the transaction that is open has ended. */
  readonly signal?: AbortSignal | undefined;
}

const backoff = { initialMs: 100, maxMs: 5000 };

/**
 * What is written for each record that is read counts exactly once, for readers with `isolation.level` read_committed:
 * outputs and offsets are committed together, in one transaction for each poll. A transaction that cannot be committed,
 * because the group has rebalanced, it took longer than transaction.timeout.ms, a coordinator has gone or the broker
 * says so, is aborted and done anew by whoever has the partitions then; a rebalance waits for the transaction that is
 * open.
 *
 * Resolves when the consumer is closed, or the signal is aborted.
 * @throws {ClientConfigError} for a consumer without group.id or with enable.auto.commit, a producer without
 * transactional.id.
 * @throws {ProducerFencedError | TransactionFailedError} the producer cannot go on: close both, and begin anew. Where
 * `producer` makes producers, only when another one could not go on either.
 * @throws what `process` throws, and errors of consumer and producer that do not pass. The transaction is aborted; the
 * next run begins with the same records.
 * @example
 * const consumer = kafka.consumer({ groupId: 'billing', enableAutoCommit: false, isolationLevel: 'read_committed' })
 * await consumer.subscribe('orders')
 * const producer = () => kafka.producer({ transactionalId: 'billing-1' })
 * await exactlyOnce({ consumer, producer, process: async (records, tx) => {
 *   await tx.sendBatch(records.map(({ key, value }) => ({ topic: 'bills', key, value })))
 * } })
 */
export async function exactlyOnce<InKey, InValue, InTopics, OutKey, OutValue, OutTopics>({
  consumer,
  producer,
  process,
  signal,
}: ExactlyOnceOptions<InKey, InValue, InTopics, OutKey, OutValue, OutTopics>): Promise<void> {
  const { polls, logger } = Consumer.pollsOf(consumer, signal);
  const producers = new ProducerInUse(producer);
  const transact = async (poll: Poll) => {
    await (await producers.ready()).transaction(async (tx) => {
      // What comes out of bytes is known to types only.
      const records = poll.records as unknown as readonly RecordRead<InKey, InValue, InTopics>[];
      await process(records, tx, { signal: poll.signal });
      if (tx.isOver) throw endedElsewhere();
      poll.check();
      void tx.sendOffsets(consumer, poll.offsets); // while what was sent is stored: the commit waits for both
    });
    poll.done();
  };
  /** It may have been committed. */
  let doubtful: Poll | undefined;
  try {
    for (let failures = 0; doubtful !== undefined || signal?.aborted !== true; ) {
      let poll: Poll | undefined;
      try {
        await producers.ready(); // which ends what a producer before it has left undecided
        if (doubtful !== undefined) doubtful = await settled(doubtful, consumer);
        poll = await polls.next();
        if (poll === undefined) return;
        await transact(poll);
        failures = 0;
      } catch (error) {
        const isLost = poll?.signal.aborted === true;
        if (isReplaceable(error) && error.outcome === "unknown") doubtful = poll;
        else poll?.takenBack();
        const isReplaced = await producers.replaced(error);
        if (!isReplaced && (isFatal(error) || !(isLost || passes(error)))) throw error;
        if (doubtful !== undefined && signal?.aborted) throw error;
        logger.warn({ err: error }, "a transaction was aborted, and is done anew");
        if (!isLost || isReplaced) await delay(backoffMs(backoff, failures++), signal).catch(() => {});
      }
    }
  } finally {
    doubtful?.takenBack();
    polls.leave();
    await producers.close();
  }
}

/**
 * Once all transactions have ended, what the group has committed tells whether this one was: of partitions that are
 * still this consumer's nobody else commits offsets.
 */
async function settled(poll: Poll, consumer: Pick<Consumer, "committed">): Promise<undefined> {
  const committed = await consumer.committed(poll.offsets);
  const wasCommitted = ({ topic, partition, offset }: OffsetToCommit) =>
    committed.some((each) => each.topic === topic && each.partition === partition && each.offset === offset);
  if (poll.kept().every(wasCommitted)) poll.done();
  else poll.takenBack();
}

/** Its offsets are not part of it: to go on would lose what was aborted, and double what was committed. */
function endedElsewhere(): InvalidStateError {
  return new InvalidStateError(
    "exactlyOnce: process has ended the transaction",
    "leave the commit to exactlyOnce, and throw to have it aborted",
  );
}

function isFatal(error: unknown): boolean {
  return error instanceof KafkaError && error.fatal;
}

/** Would the same work succeed, here or where the partitions are then? */
function passes(error: unknown): boolean {
  return error instanceof KafkaError && (error.retriable || error.code === "COMMIT_FAILED");
}
