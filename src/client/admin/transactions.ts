/** Transactions and the producers that write them: what is open, what hangs, and how it is ended (KIP-664). */
import { DescribeProducers } from "../../protocol/apis/describe-producers.ts";
import { DescribeTransactions } from "../../protocol/apis/describe-transactions.ts";
import { InitProducerId } from "../../protocol/apis/init-producer-id.ts";
import { ListTransactions } from "../../protocol/apis/list-transactions.ts";
import { WriteTxnMarkers } from "../../protocol/apis/write-txn-markers.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { BrokerNode, Cluster } from "../cluster.ts";
import { partitionKey, type TopicPartition } from "../topic-partition.ts";
import { type AdminOptions, type Attempt, errorOr, forEach, type Outcome, retrying } from "./attempts.ts";
import { atCoordinators, byLeader, byTopic } from "./routing.ts";
import { errorOf } from "./topics.ts";

/** As brokers write them. */
export type TransactionState =
  | "Empty"
  | "Ongoing"
  | "PrepareCommit"
  | "PrepareAbort"
  | "CompleteCommit"
  | "CompleteAbort"
  | "PrepareEpochFence"
  | "Dead"
  | (string & {});

export interface ListTransactionsOptions extends AdminOptions {
  /** Only those in one of these states; default: all. */
  readonly states?: readonly TransactionState[] | undefined;
  /** Only those of these producers; default: all. */
  readonly producerIds?: readonly number[] | undefined;
  /** Only those that have been open for longer, and those that never were (KIP-994, as Kafka has it). */
  readonly longerThanMs?: number | undefined;
  /** Only those whose whole transactional id matches this RE2 pattern (KIP-1152). */
  readonly pattern?: string | undefined;
}

/** One transactional id, as its coordinator lists it. */
export interface TransactionListing {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly state: TransactionState;
  readonly coordinator: BrokerNode;
}

/** One transactional id, as its coordinator describes it. */
export interface TransactionDescription {
  readonly transactionalId: string;
  readonly state: TransactionState;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly timeoutMs: number;
  /** Milliseconds since 1970; undefined: none is open. */
  readonly startedMs: number | undefined;
  /** That take part in the transaction. */
  readonly partitions: readonly TopicPartition[];
  readonly coordinatorId: number;
}

/** A producer that has written to a partition, as the partition's leader remembers it. */
export interface ProducerState {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  /** Milliseconds since 1970. */
  readonly lastTimestampMs: number;
  /** Of the coordinator that ended its last transaction here; undefined: none has. */
  readonly coordinatorEpoch: number | undefined;
  /** Where its open transaction begins; undefined: none is. */
  readonly currentTransactionStartOffset: number | undefined;
}

/** The producers of one partition. */
export interface PartitionProducers extends TopicPartition {
  readonly producers: readonly ProducerState[];
}

export interface DescribeProducersOptions extends AdminOptions {
  /** Ask this replica of the partitions; default: their leaders. */
  readonly brokerId?: number | undefined;
}

/** A transaction in one partition, by the producer that wrote it. */
export interface TransactionToAbort extends TopicPartition {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
}

/** What a transactional id goes by from now on. */
export interface FencedProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Brokers tell of the transactional ids that they coordinate: all are asked. */
export async function listTransactions(
  cluster: Cluster,
  { states, producerIds, longerThanMs, pattern, ...options }: ListTransactionsOptions,
): Promise<TransactionListing[]> {
  const { brokers } = await retrying(cluster, options, (attempt) => cluster.metadata([], attempt));
  const request = {
    stateFilters: [...(states ?? [])],
    producerIdFilters: [...(producerIds ?? [])],
    ...(longerThanMs === undefined ? {} : { durationFilter: longerThanMs }),
    ...(pattern === undefined ? {} : { transactionalIdPattern: pattern }),
  };
  const lowest = pattern !== undefined ? 2 : longerThanMs !== undefined ? 1 : 0;
  const versions = [lowest, ListTransactions.versions[1]] as const;
  const listedBy = async (coordinator: BrokerNode, attempt: Attempt) => {
    const answer = await cluster.send(coordinator.nodeId, ListTransactions, request, { ...attempt, versions });
    const error = errorOf(answer.errorCode, `list transactions of node ${coordinator.nodeId}`);
    return errorOr(coordinator, error, () =>
      answer.transactionStates.map(({ transactionalId, producerId, transactionState: state }) => {
        return { transactionalId, producerId, state, coordinator };
      }),
    );
  };
  const listed = await forEach(cluster, [...brokers.values()], options, (pending, attempt) =>
    Promise.all(pending.map((broker) => listedBy(broker, attempt))),
  );
  return listed.flat().sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1));
}

interface Named {
  readonly transactionalId: string;
}

/** Each coordinator is asked for those that are its own. */
function askCoordinators<Result>(
  cluster: Cluster,
  transactionalIds: readonly string[],
  options: AdminOptions,
  ask: (nodeId: number, theirs: readonly Named[], attempt: Attempt) => Promise<Outcome<Named, Result>[]>,
): Promise<Result[]> {
  const items = transactionalIds.map((transactionalId) => ({ transactionalId }));
  return atCoordinators(cluster, items, (item) => item, options, ask);
}

export function describeTransactions(
  cluster: Cluster,
  transactionalIds: readonly string[],
  options: AdminOptions,
): Promise<TransactionDescription[]> {
  return askCoordinators(cluster, transactionalIds, options, async (coordinatorId, theirs, attempt) => {
    const request = { transactionalIds: theirs.map(({ transactionalId }) => transactionalId) };
    const { transactionStates } = await cluster.send(coordinatorId, DescribeTransactions, request, attempt);
    const found = new Map(transactionStates.map((told) => [told.transactionalId, told]));
    return theirs.map((item): Outcome<Named, TransactionDescription> => {
      const told = found.get(item.transactionalId);
      const code = told?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
      return errorOr(item, errorOf(code, `transactional.id ${item.transactionalId}`), () => ({
        transactionalId: item.transactionalId,
        state: told!.transactionState,
        producerId: told!.producerId,
        producerEpoch: told!.producerEpoch,
        timeoutMs: told!.transactionTimeoutMs,
        startedMs: told!.transactionStartTimeMs < 0 ? undefined : told!.transactionStartTimeMs,
        partitions: told!.topics.flatMap(({ topic, partitions }) => {
          return partitions.map((partition) => ({ topic, partition }));
        }),
        coordinatorId,
      }));
    });
  });
}

export function describeProducers(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  { brokerId, ...options }: DescribeProducersOptions,
): Promise<PartitionProducers[]> {
  return forEach(cluster, partitions, options, (pending, attempt) => {
    const ask = async (nodeId: number, items: readonly TopicPartition[]) => {
      const topics = byTopic(items, ({ partition }) => partition);
      const asked = topics.map(({ name, partitions: partitionIndexes }) => ({ name, partitionIndexes }));
      const answer = await cluster.send(nodeId, DescribeProducers, { topics: asked }, attempt);
      const answers = new Map(
        answer.topics.flatMap(({ name, partitions: those }) =>
          those.map((each) => [partitionKey(name, each.partitionIndex), each] as const),
        ),
      );
      return items.map((item) => {
        const { topic, partition } = item;
        const told = answers.get(partitionKey(topic, partition));
        const code = told?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
        const error = errorOf(code, `producers of ${topic}/${partition}`, told?.errorMessage);
        return errorOr(item, error, () => ({ topic, partition, producers: told!.activeProducers.map(producerState) }));
      });
    };
    return brokerId === undefined ? byLeader(cluster, pending, attempt, ask) : ask(brokerId, pending);
  });
}

type TellsOfProducer = {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  readonly coordinatorEpoch: number;
  readonly currentTxnStartOffset: number;
};

function producerState({ coordinatorEpoch, currentTxnStartOffset, ...told }: TellsOfProducer): ProducerState {
  return {
    producerId: told.producerId,
    producerEpoch: told.producerEpoch,
    lastSequence: told.lastSequence,
    lastTimestampMs: told.lastTimestamp,
    coordinatorEpoch: coordinatorEpoch < 0 ? undefined : coordinatorEpoch,
    currentTransactionStartOffset: currentTxnStartOffset < 0 ? undefined : currentTxnStartOffset,
  };
}

/** Its leader writes the marker itself, whatever the coordinator knows. */
export async function abortTransaction(
  cluster: Cluster,
  transaction: TransactionToAbort,
  options: AdminOptions,
): Promise<void> {
  await forEach(cluster, [transaction], options, (pending, attempt) =>
    byLeader(cluster, pending, attempt, (nodeId, items) =>
      Promise.all(
        items.map(async (item) => {
          const { topic, partition, producerId, producerEpoch, coordinatorEpoch } = item;
          const topics = [{ name: topic, partitionIndexes: [partition] }];
          const marker = { producerId, producerEpoch, transactionResult: false, topics, coordinatorEpoch };
          const { markers } = await cluster.send(nodeId, WriteTxnMarkers, { markers: [marker] }, attempt);
          const code = markers[0]?.topics[0]?.partitions[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
          const what = `abort the transaction of producer ${producerId} in ${topic}/${partition}`;
          return errorOr(item, errorOf(code, what), () => undefined);
        }),
      ),
    ),
  );
}

/** As a producer that begins and writes nothing: what is open is aborted. */
export function fenceProducers(
  cluster: Cluster,
  transactionalIds: readonly string[],
  options: AdminOptions,
): Promise<FencedProducer[]> {
  return askCoordinators(cluster, transactionalIds, options, (nodeId, theirs, attempt) =>
    Promise.all(
      theirs.map(async (item) => {
        const { transactionalId } = item;
        const request = { transactionalId, transactionTimeoutMs: 1 };
        const told = await cluster.send(nodeId, InitProducerId, request, { ...attempt, versions: [0, 5] });
        return errorOr(item, errorOf(told.errorCode, `fence producers of ${transactionalId}`), () => {
          return { transactionalId, producerId: told.producerId, producerEpoch: told.producerEpoch };
        });
      }),
    ),
  );
}
