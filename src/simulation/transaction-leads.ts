/** What is looked at in the shards of `__transaction_state`, besides their steps: each turn, as it is written. */
import type { TransactionMetadata, TransactionRecord } from "../transaction/record.ts";
import { isPrepared } from "../transaction/record.ts";
import { transactionRecordCodec } from "../transaction/record-codec.ts";
import { type TransactionState, transitions } from "../transaction/transitions.ts";
import type { BrokerNode } from "./broker-node.ts";
import type { Cluster } from "./cluster.ts";
import { firstDifference } from "./difference.ts";
import type { TransactionEnd } from "./ends-in-partition.ts";
import { Leads } from "./leads.ts";
import { transactionsTopic } from "./topics.ts";
import type { LogEntry, WatchedPartition } from "./watched-partition.ts";
import type { WatchedTransactions } from "./watched-transactions.ts";

type State = Map<string, TransactionMetadata>;
export type TransactionLeads = Leads<TransactionRecord, State, WatchedTransactions>;

/** @param leaderOf every broker leads its own */
export function transactionLeads(cluster: Cluster): TransactionLeads {
  const { world } = cluster;
  return new Leads(world, undefined, {
    topic: transactionsTopic,
    codec: transactionRecordCodec,
    newState: (): State => new Map(),
    keepsDurable: true,
    replay: (state, entry: LogEntry<TransactionRecord>) => {
      if (!("record" in entry)) return;
      const { transactionalId, value } = entry.record;
      if (value === null) state.delete(transactionalId);
      else state.set(transactionalId, value);
    },
    stateOf: ({ shard }) => shard.durable,
    difference: (replayed, has, record) => {
      if (record === undefined) return firstDifference(replayed, has);
      return firstDifference(replayed.get(record.transactionalId), has.get(record.transactionalId));
    },
    appending: (entry, state, node) => {
      if (!("record" in entry)) return;
      const { transactionalId, value } = entry.record;
      const wrong = wrongTurn(cluster, node, state.get(transactionalId), value);
      if (wrong !== undefined) world.violated(wrong.invariant, `${transactionalId}: ${wrong.message}`);
    },
    describe: describeEntry,
    loaded: () => {},
  });
}

interface Wrong {
  readonly invariant: string;
  readonly message: string;
}

function wrongTurn(
  cluster: Cluster,
  node: BrokerNode,
  before: TransactionMetadata | undefined,
  after: TransactionMetadata | null,
): Wrong | undefined {
  const from = before?.state ?? "Empty";
  const to = after?.state ?? "Dead";
  const possible: readonly TransactionState[] = transitions[from];
  if (!possible.includes(to)) {
    return { invariant: "a transaction turns as its states allow", message: `from ${from} to ${to}` };
  }
  if (before === undefined || after === null) return undefined;
  if (after.producerId === before.producerId && after.producerEpoch < before.producerEpoch) {
    const message = `epoch ${after.producerEpoch} after ${before.producerEpoch}`;
    return { invariant: "the epoch of a producer never goes back", message };
  }
  if (!isPrepared(before)) return undefined;
  const left = unended(cluster, node, before);
  if (left === undefined) return undefined;
  const message = `${to}, and ${left} has no durable marker`;
  return { invariant: "a transaction is over when its markers are durable", message };
}

/** @returns a partition of the transaction where it has no durable end. */
function unended(cluster: Cluster, node: BrokerNode, prepared: TransactionMetadata): string | undefined {
  const { producerId, producerEpoch, topics } = prepared;
  const type = prepared.state === "PrepareCommit" ? "COMMIT" : "ABORT";
  for (const { name, partitions } of topics) {
    if (cluster.consumption.deleted.has(name)) continue;
    for (const partition of partitions) {
      const log = cluster.partitionAt(node, name, partition);
      if (log?.hasDurableEnd({ producerId, producerEpoch, type }) !== true) return `${name}-${partition}`;
    }
  }
  return undefined;
}

/** A marker was written: how the transaction ends is decided, and that decision durable. */
export function checkMarker(
  { world, transactionLeads: leads }: Cluster,
  node: BrokerNode,
  { name, topic, partition }: WatchedPartition<unknown>,
  { producerId, producerEpoch, type }: TransactionEnd,
): void {
  const state = type === "COMMIT" ? "PrepareCommit" : "PrepareAbort";
  for (const { durable } of leads.all(node)) {
    for (const decided of durable?.values() ?? []) {
      if (decided.producerId !== producerId || decided.producerEpoch !== producerEpoch) continue;
      const isPart = decided.topics.some((each) => each.name === topic && each.partitions.includes(partition));
      if (isPart && decided.state === state) return;
    }
  }
  const message = `${type} of producer ${producerId} in epoch ${producerEpoch}, in ${name}`;
  world.violated("a marker follows a durable decision", message);
}

function describeEntry(entry: LogEntry<TransactionRecord>): string {
  if (!("record" in entry)) return entry.type;
  const { transactionalId, value } = entry.record;
  if (value === null) return `Transaction(${transactionalId}: tombstone)`;
  const where = value.topics.map(({ name, partitions }) => `${name} ${partitions.join(" ")}`).join(", ");
  return `Transaction(${transactionalId}: ${value.state}, epoch ${value.producerEpoch}${where && `, ${where}`})`;
}
