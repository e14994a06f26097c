import { drawPlan, type Outcome, type Plan, Simulation } from "../../src/simulation/index.ts";

/** Ticks come when no promise can go on any more; a turn of the event loop would cost several times as much. */
const turn = () => new Promise<void>((resolve) => process.nextTick(resolve));

export function run(which: number | Plan, isTold = false): Promise<Outcome> {
  const plan = typeof which === "number" ? drawPlan(which) : which;
  return new Simulation({ plan, isTold, turn }).run();
}
