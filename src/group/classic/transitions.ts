/** The states of a classic group. Dead: deleted, or not there at all. */
export type ClassicState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";

/** From each state, those a classic group may turn to; only an Empty one is deleted. All else is a defect. */
export const transitions = {
  Empty: ["PreparingRebalance", "Dead"],
  PreparingRebalance: ["CompletingRebalance", "Empty"],
  CompletingRebalance: ["Stable", "PreparingRebalance"],
  Stable: ["PreparingRebalance"],
  Dead: [],
} as const satisfies Record<ClassicState, readonly ClassicState[]>;

export function assertTransition(from: ClassicState, to: ClassicState): void {
  const allowed: readonly ClassicState[] = transitions[from];
  if (!allowed.includes(to)) throw new Error(`A group in ${from} cannot turn to ${to}; only to ${allowed.join(", ")}`);
}
