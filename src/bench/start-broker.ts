/** A regroup broker in a process of its own, so that its CPU time is not that of the load. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface BrokerProcess {
  readonly port: number;
  readonly process: ChildProcess;
}

const fromSource = join(import.meta.dirname, "../../bin/regroup.js");

/** @param args of `regroup serve`, beside a free port on loopback. */
export async function startBroker(args: readonly string[]): Promise<BrokerProcess> {
  return launchBroker(fromSource, [
    ...["serve", "-o", "listeners=PLAINTEXT://127.0.0.1:0", "--log-level", "error"],
    ...args,
  ]);
}

/** @param program bin/regroup.js, of a checkout or of a package. */
export async function launchBroker(program: string, args: readonly string[]): Promise<BrokerProcess> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) {
    text += chunk;
    const port = /:(\d+)\n/.exec(text)?.[1];
    if (port !== undefined) return { port: Number(port), process: child };
  }
  throw new Error(`the broker did not start: ${text}`);
}

/** Resolves when the process has ended. */
export async function stopBroker({ process: broker }: BrokerProcess, signal: NodeJS.Signals = "SIGTERM") {
  const ended = once(broker, "exit");
  if (broker.kill(signal)) await ended;
}
