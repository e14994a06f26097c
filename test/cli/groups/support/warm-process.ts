/** Told by IPC what to run; answers with what it printed and its exit code. */
import { main } from "../../../../src/cli/main.ts";
import type { Call } from "./warm-regroup.ts";

process.stdout.setMaxListeners(0);
process.stderr.setMaxListeners(0);

process.on("message", async ({ args, folder, environment = {} }: Call) => {
  const before = { ...process.env };
  Object.assign(process.env, environment);
  if (folder !== undefined) process.chdir(folder);
  process.exitCode = 0;
  const [stdout, stderr] = [captured(process.stdout), captured(process.stderr)];
  await main(args);
  process.send!({ exitCode: Number(process.exitCode), stdout: stdout.release(), stderr: stderr.release() });
  for (const name of Object.keys(environment)) delete process.env[name];
  Object.assign(process.env, before);
});

function captured(stream: NodeJS.WriteStream) {
  const write = stream.write;
  let text = "";
  stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    const done = rest.at(-1);
    if (typeof done === "function") done();
    return true;
  }) as typeof stream.write;
  return {
    release() {
      stream.write = write;
      return text;
    },
  };
}
