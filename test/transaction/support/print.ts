/** What a transaction coordinator caused, as words that a person reads. */
import { errorName } from "../../../src/protocol/errors.ts";
import type { TransactionFact } from "../../../src/transaction/facts.ts";
import type { TransactionRecord } from "../../../src/transaction/record.ts";
import type { TopicPartitions, TransactionRequests } from "../../../src/transaction/requests.ts";
import { msToTime } from "../../group/support/script.ts";
import { epochMs, type Reply, type RequestType } from "./world.ts";

type Printers = { readonly [K in RequestType]: (reply: TransactionRequests[K]["reply"]) => string };

export function printReply(type: RequestType, reply: Reply): string {
  const print = printers[type] as (reply: Reply) => string;
  return print(reply);
}

const printers: Printers = {
  InitProducerId: (reply) => `Init(${producerOr(reply)})`,
  EndTransaction: (reply) => `End(${producerOr(reply)})`,
  AddPartitions: ({ topics }) => {
    const results = topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partition, errorCode }) => `${name}-${partition} ${errorName(errorCode)}`),
    );
    return `Add(${results.join(", ")})`;
  },
  MarkersWritten: ({ errorCode }) => `Written(${errorName(errorCode)})`,
  Describe: ({ errorCode, transactionState, transactionTimeoutMs, transactionStartTimeMs, topics, ...producer }) => {
    if (errorCode !== 0) return `Describe(${errorName(errorCode)})`;
    const words = [transactionState, idAndEpoch(producer), `timeout ${transactionTimeoutMs} ms`];
    return `Describe(${[...words, ...since(transactionStartTimeMs), ...partitions(topics)].join(", ")})`;
  },
  List: (listed) => {
    const words = listed.map(
      ({ transactionalId, producerId, transactionState }) => `${transactionalId} of ${producerId} ${transactionState}`,
    );
    return `List(${words.join(", ")})`;
  },
};

export function printRecord({ transactionalId, value }: TransactionRecord): string {
  if (value === null) return `Transaction(${transactionalId}) tombstone`;
  const { state, producerId, previousProducerId, nextProducerId, startMs, topics } = value;
  const words = [
    transactionalId,
    state,
    idAndEpoch(value),
    ...(previousProducerId === producerId ? [] : [`before ${previousProducerId}`]),
    ...(nextProducerId === -1 ? [] : [`next ${nextProducerId}`]),
    `v${value.clientTransactionVersion}`,
    ...since(startMs),
    ...partitions(topics),
  ];
  return `Transaction(${words.join(", ")})`;
}

export function printFact(fact: TransactionFact): string {
  switch (fact.type) {
    case "MarkersWanted": {
      const { result, transactionVersion, topics } = fact;
      const where = topics.length === 0 ? "no partition" : partitions(topics);
      return `${result} is to be written by ${idAndEpoch(fact)}, v${transactionVersion}, into ${where}`;
    }
    case "TransactionCompleted":
      return `${fact.transactionalId} ended in ${fact.durationMs} ms, ${fact.partitions} partitions: ${fact.result}`;
    case "TransactionTimedOut":
      return `${fact.transactionalId} of ${idAndEpoch(fact)} took longer than ${fact.timeoutMs} ms`;
    case "TransactionalIdsExpired":
      return `expired: ${fact.transactionalIds.join(" ")}`;
  }
}

function producerOr(reply: { errorCode: number; producerId: number; producerEpoch: number }): string {
  return reply.errorCode === 0 ? idAndEpoch(reply) : errorName(reply.errorCode);
}

function idAndEpoch({ producerId, producerEpoch }: { producerId: number; producerEpoch: number }): string {
  return `${producerId}/${producerEpoch}`;
}

function since(startMs: number): string[] {
  return startMs === -1 ? [] : [`since ${msToTime(startMs - epochMs)}`];
}

function partitions(topics: readonly TopicPartitions[]): string[] {
  const all = topics.flatMap(({ name, partitions }) => partitions.map((partition) => `${name}-${partition}`));
  return all.length === 0 ? [] : [all.join(" ")];
}
