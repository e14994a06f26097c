/** One world: run, told, made smaller. */
import { setImmediate } from "node:timers/promises";
import { nodePlatform } from "../../platform/node-platform.ts";
import { installUtf8 } from "../../protocol/utf8.ts";
import { drawPlan, minimise, type Outcome, type Plan, Simulation } from "../../simulation/index.ts";
import { FailedError } from "../errors.ts";

installUtf8(nodePlatform);

/** Ticks come when no promise can go on any more; a turn of the event loop would cost several times as much. */
const turn = () => new Promise<void>((resolve) => process.nextTick(resolve));

export async function runWorld(which: number | Plan, isTold = false): Promise<Outcome> {
  await setImmediate(); // between two worlds signals are heard
  const plan = typeof which === "number" ? drawPlan(which) : which;
  return new Simulation({ plan, isTold, turn, platform: nodePlatform }).run();
}

export async function told(which: number | Plan, trace: boolean) {
  const outcome = await runWorld(which, trace);
  const { violation, hash, virtualMs, events, story, plan } = outcome;
  const groups = new Set(plan.members.map(({ groupId }) => groupId)).size;
  const size = `${plan.brokers.length} brokers, ${groups} groups, ${plan.members.length} members`;
  const end = violation === undefined ? "all invariants held" : `FAILED ${violation.message}`;
  const length = `${events} events in ${Math.round(virtualMs / 1000)} s`;
  const summary = `seed ${plan.seed}: ${size}, ${length}, trace ${hash}: ${end}`;
  return { story, summary, violation: violation?.message };
}

/** @throws {FailedError} when the world does not fail. */
export async function minimised(which: number | Plan): Promise<Plan> {
  const { violation, plan } = await runWorld(which);
  if (violation === undefined) throw new FailedError("simulate: this world does not fail, there is nothing to shrink");
  const { invariant } = violation;
  const fails = async (smaller: Plan) => (await runWorld(smaller)).violation?.invariant === invariant;
  return (await minimise(plan, fails)).plan;
}
