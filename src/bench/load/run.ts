/** One load in this process: `run.ts <name> <options as JSON>` sends the parent its result, or why there is none. */
import { nodePlatform } from "../../platform/node-platform.ts";
import { installUtf8 } from "../../protocol/utf8.ts";
import { type LoadName, type LoadOutcome, loads } from "./loads.ts";
import { LostError } from "./wire.ts";

function tell(outcome: LoadOutcome): void {
  process.send!(outcome, () => process.exit(0));
}

/** What brokers refuse, and connections that break, say it all in their message; a defect is found by its stack. */
process.once("uncaughtException", (error) => {
  const isForeseen = error.constructor === Error || error instanceof LostError;
  tell({ failed: isForeseen ? error.message : (error.stack ?? error.message) });
});

/** The parent has ended: nobody waits for the result, and the broker had all of the load until it was over. */
process.once("disconnect", () => process.exit(1));

const [name, text] = process.argv.slice(2);
installUtf8(nodePlatform);
const { run, defaults } = loads[name as LoadName];
const options = { ...defaults, ...JSON.parse(text!) };
const [cpuBefore, beganMs] = [process.cpuUsage(), performance.now()];
const result = await (run as (options: object) => Promise<object>)(options);
const { user, system } = process.cpuUsage(cpuBefore);
tell({ result, cpuShare: (user + system) / 1000 / (performance.now() - beganMs) });
