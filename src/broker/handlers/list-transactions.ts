import type { ListTransactions } from "../../protocol/apis/list-transactions.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { ListedTransaction } from "../../transaction/requests.ts";
import { states, type TransactionState } from "../../transaction/transitions.ts";
import type { Handler } from "../context.ts";

/** Asks every shard. One that loads makes the whole answer an error, so that no transaction is thought gone. */
export const listTransactions: Handler<typeof ListTransactions> = async (request, { broker }) => {
  const { stateFilters, producerIdFilters: producerIds, durationFilter: durationMs, transactionalIdPattern } = request;
  const refuse = (errorCode: ErrorCode) => ({ errorCode, unknownStateFilters: [], transactionStates: [] });
  const matches = transactionalIdPattern ? broker.platform.fullMatcher(transactionalIdPattern) : () => true;
  if (matches === undefined) return refuse(ErrorCode.INVALID_REGULAR_EXPRESSION);
  const filter = { states: stateFilters.length > 0 ? stateFilters.filter(isState) : null, producerIds, durationMs };
  const shards = broker.metadata.topic("__transaction_state")?.partitions ?? [];
  const outcomes = await Promise.all(
    shards.map(({ partition }) => broker.transactions.submit(partition, "List", { ...filter, matches })),
  );
  const listed: ListedTransaction[][] = [];
  for (const outcome of outcomes) {
    if (outcome.ok) listed.push([...outcome.reply]);
    else if (outcome.errorCode !== ErrorCode.NOT_COORDINATOR) return refuse(outcome.errorCode);
  }
  const unknownStateFilters = stateFilters.filter((state) => !isState(state));
  return { errorCode: ErrorCode.NONE, unknownStateFilters, transactionStates: listed.flat() };
};

function isState(name: string): name is TransactionState {
  return (states as readonly string[]).includes(name);
}
