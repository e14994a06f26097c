/** What is open stands out, and what is about to end. */
export function stateColour(state: string): "green" | "yellow" | undefined {
  if (state === "Ongoing") return "green";
  return state.startsWith("Prepare") ? "yellow" : undefined;
}
