import { setImmediate } from "node:timers/promises";
import { drawPlan, type Outcome, type Plan, Simulation } from "../../src/simulation/index.ts";

export function run(which: number | Plan, isTold = false): Promise<Outcome> {
  const plan = typeof which === "number" ? drawPlan(which) : which;
  return new Simulation({ plan, isTold, turn: () => setImmediate() }).run();
}
