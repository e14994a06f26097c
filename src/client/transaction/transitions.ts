/** From each state, those a transactional producer may turn to. Everything else is a defect and throws. */
export const transitions = {
  /** It has no producer id yet. */
  Uninitialized: ["Ready", "Failed"],
  Ready: ["InTransaction", "Failed"],
  InTransaction: ["Committing", "Aborting", "AbortableError", "Failed"],
  /** Something went wrong: the transaction can only be aborted. */
  AbortableError: ["Aborting", "Failed"],
  Committing: ["Ready", "AbortableError", "Failed"],
  Aborting: ["Ready", "Failed"],
  /** It cannot go on. */
  Failed: [],
} as const satisfies Record<string, readonly string[]>;

export type ProducerState = keyof typeof transitions;
