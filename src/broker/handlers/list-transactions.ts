import type { ListTransactions } from "../../protocol/apis/list-transactions.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";

const transactionStates: ReadonlySet<string> = new Set([
  "Empty",
  "Ongoing",
  "PrepareCommit",
  "PrepareAbort",
  "CompleteCommit",
  "CompleteAbort",
  "Dead",
  "PrepareEpochFence",
]);

/** There are none; what is asked for is checked all the same. */
export const listTransactions: Handler<typeof ListTransactions> = ({ stateFilters, transactionalIdPattern }) => {
  const isRefused = transactionalIdPattern !== null && !isPattern(transactionalIdPattern);
  return {
    errorCode: isRefused ? ErrorCode.INVALID_REGULAR_EXPRESSION : ErrorCode.NONE,
    unknownStateFilters: stateFilters.filter((state) => !transactionStates.has(state)),
    transactionStates: [],
  };
};

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern) !== undefined;
  } catch {
    return false;
  }
}
