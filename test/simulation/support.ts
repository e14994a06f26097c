import { nodePlatform } from "../../src/platform/node-platform.ts";
import type { Platform } from "../../src/protocol/platform.ts";
import { installUtf8 } from "../../src/protocol/utf8.ts";
import { drawPlan, type Outcome, type Plan, Simulation } from "../../src/simulation/index.ts";

/** Ticks come when no promise can go on any more; a turn of the event loop would cost several times as much. */
const turn = () => new Promise<void>((resolve) => process.nextTick(resolve));

/** @param platform as `regroup simulate` has it when not given */
export function run(which: number | Plan, isTold = false, platform: Platform = nodePlatform): Promise<Outcome> {
  installUtf8(platform);
  const plan = typeof which === "number" ? drawPlan(which) : which;
  return new Simulation({ plan, isTold, turn, platform }).run();
}
