/**
 * The states of a transactional id. PrepareEpochFence is never in the log: it stands for the moment in which the
 * coordinator raises the epoch of a producer whose transaction it aborts. Dead: expired, or not there at all.
 */
export type TransactionState =
  | "Empty"
  | "Ongoing"
  | "PrepareCommit"
  | "PrepareAbort"
  | "CompleteCommit"
  | "CompleteAbort"
  | "Dead"
  | "PrepareEpochFence";

/**
 * From each state, those it may turn to; all else is a defect. A transaction to which nothing was added may be aborted
 * as well, only to raise the epoch (KIP-890).
 */
export const transitions = {
  Empty: ["Empty", "Ongoing", "PrepareAbort", "Dead"],
  Ongoing: ["Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence"],
  PrepareCommit: ["CompleteCommit"],
  PrepareAbort: ["CompleteAbort"],
  CompleteCommit: ["Empty", "Ongoing", "PrepareAbort", "Dead"],
  CompleteAbort: ["Empty", "Ongoing", "PrepareAbort", "Dead"],
  Dead: [],
  PrepareEpochFence: ["PrepareAbort"],
} as const satisfies Record<TransactionState, readonly TransactionState[]>;

/** As the log names them: `transactionStatus` is the index. */
export const states = [
  "Empty",
  "Ongoing",
  "PrepareCommit",
  "PrepareAbort",
  "CompleteCommit",
  "CompleteAbort",
  "Dead",
  "PrepareEpochFence",
] as const satisfies readonly TransactionState[];

export function assertTransition(from: TransactionState, to: TransactionState): void {
  const allowed: readonly TransactionState[] = transitions[from];
  if (allowed.includes(to)) return;
  throw new Error(`A transactional id in ${from} cannot turn to ${to}; only to ${allowed.join(", ")}`);
}
