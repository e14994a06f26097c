/** The npm package as a user gets it: built, packed, and installed into an empty project. */
import { cp, mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../interop/support/tools.ts";

const root = join(import.meta.dirname, "../..");

/** @returns the folder of a project that depends on regroup and on what else is named, and holds nothing more */
export async function projectWithRegroup(others: readonly string[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "regroup-package-"));
  const [staged, project] = [join(folder, "staged"), join(folder, "project")];
  await mkdir(project);
  for (const part of ["package.json", "bin", "README.md", "LICENSE", "CHANGELOG.md"]) {
    await cp(join(root, part), join(staged, part), { recursive: true });
  }
  await run(process.execPath, [join(root, "scripts/build.js"), join(staged, "dist")]);
  await run("npm", ["pack", "--silent", "--pack-destination", folder, staged]);
  const tarball = (await readdir(folder)).find((file) => file.endsWith(".tgz"))!;

  await writeFile(
    join(project, "package.json"),
    JSON.stringify({ name: "user", private: true, allowScripts: { node: true } }),
  );
  const quietly = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["install", "--prefix", project, ...quietly, join(folder, tarball), ...others]);
  return project;
}
