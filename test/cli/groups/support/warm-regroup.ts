/**
 * Many calls of the command line in one process that is started once: what `bin/regroup.js` runs, without the start of
 * Node. The process holds nothing from one call to the next but loaded modules.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Ran, RunOptions } from "./regroup.ts";

const program = fileURLToPath(new URL("warm-process.ts", import.meta.url));

export interface Call extends RunOptions {
  readonly args: readonly string[];
}

export interface WarmRegroup {
  /** One call at a time. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  close(): void;
}

export function warmRegroup(): WarmRegroup {
  const child = fork(program, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return {
    run(args, options = {}) {
      return new Promise((resolve, reject) => {
        const ended = () => reject(new Error(`the process ended: regroup ${args.join(" ")}`));
        child.once("exit", ended);
        child.once("message", (ran) => {
          child.off("exit", ended);
          resolve(ran as Ran);
        });
        child.send({ args, ...options } satisfies Call);
      });
    },
    close: () => child.disconnect(),
  };
}
