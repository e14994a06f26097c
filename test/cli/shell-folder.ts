/** A folder for PATH in which `regroup` is the program of this checkout. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { launcher } from "./run-regroup.ts";

/** For a file of tests, at its top level: the folder goes with it. @returns what processes get as their environment. */
export async function shellEnvironment(bootstrapServers: string) {
  const folder = await mkdtemp(join(tmpdir(), "regroup-shell-"));
  after(() => rm(folder, { recursive: true }));
  const program = join(folder, "regroup");
  await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`);
  await chmod(program, 0o755);
  const { PATH } = process.env;
  return { ...process.env, HOME: folder, PATH: `${folder}:${PATH}`, REGROUP_BOOTSTRAP_SERVERS: bootstrapServers };
}
