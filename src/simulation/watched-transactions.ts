import type { TransactionFact } from "../transaction/facts.ts";
import type { TransactionRecord } from "../transaction/record.ts";
import type { TransactionRequests } from "../transaction/requests.ts";
import type { Shard, TransactionTimer } from "../transaction/shard.ts";
import type { TransactionCoordinator } from "../transaction/transaction-coordinator.ts";
import { type Step, WatchedMachine } from "./watched-machine.ts";

export type TransactionStep = Step<TransactionRequests, TransactionRecord>;

/** The real transaction coordinator of one shard, looked at. */
export class WatchedTransactions extends WatchedMachine<
  TransactionRequests,
  TransactionRecord,
  TransactionTimer,
  TransactionFact,
  TransactionCoordinator
> {
  get shard(): Shard {
    return this.machine.shard;
  }
}
