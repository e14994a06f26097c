import { spawn } from "node:child_process";

/** Time that Node's own teardown may take. */
const teardownSeconds = 1;

/**
 * Ends the process. Node's teardown has been seen to hang for ever in `process.exit` (nodejs/node#54918), where no
 * timer and no thread of ours runs any more: a small shell stands by and cuts it then. All that matters is durable
 * by now.
 */
export function exit(code: number): never {
  if (process.platform !== "win32") {
    const cut = `sleep ${teardownSeconds}; kill -9 ${process.pid}`;
    spawn("/bin/sh", ["-c", cut], { detached: true, stdio: "ignore" })
      .on("error", () => undefined) // a system without a shell has no second way out
      .unref();
  }
  process.exit(code);
}
