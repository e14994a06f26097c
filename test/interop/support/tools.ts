/** Commands that do one thing and end. */
import { spawn } from "node:child_process";
import { kit } from "./broker.ts";

export interface Result {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command, gives it `input`, awaits its end. @throws with all it printed when it fails. */
export function run(command: string, args: readonly string[], input = "", env: Record<string, string> = {}) {
  return new Promise<Result>((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, timeout: 120_000 });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (text) => (stdout += text));
    child.stderr.on("data", (text) => (stderr += text));
    child.on("error", reject);
    child.on("close", (status) => {
      if (status === 0) resolve({ stdout, stderr });
      else reject(new Error(`${command} ${args.join(" ")}: exit ${status}\n${stdout}\n${stderr}`));
    });
    child.stdin.on("error", () => undefined); // it may end without reading
    child.stdin.end(input);
  });
}

/** One of Kafka's own command line tools, by the kit. */
export function kafkaTool(tool: string, args: readonly string[], input = ""): Promise<Result> {
  return run(kit, [tool, ...args], input, { KAFKA_HEAP_OPTS: "-Xmx128m -XX:TieredStopAtLevel=1" });
}

export function lines({ stdout }: Result): string[] {
  return stdout.split("\n").filter((line) => line !== "");
}
