/** One load in this process: `run.ts <name> <options as JSON>` sends its result to the parent. */
import { nodePlatform } from "../../platform/node-platform.ts";
import { installUtf8 } from "../../protocol/utf8.ts";
import { type LoadName, loads } from "./loads.ts";

const [name, text] = process.argv.slice(2);
installUtf8(nodePlatform);
const { run, defaults } = loads[name as LoadName];
const result = await (run as (options: object) => Promise<object>)({ ...defaults, ...JSON.parse(text!) });
process.send!(result, () => process.exit(0));
