/** A seeded world in which the real broker, coordinator and consumer coordinator are put to the test. Pure. */
export { drawPlan } from "./draw-plan.ts";
export { minimise } from "./minimise.ts";
export { type Plan, unlimited } from "./plan.ts";
export { type Outcome, Simulation } from "./simulation.ts";
export { Violation } from "./world.ts";
