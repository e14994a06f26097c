// npm run docs: the API documentation, from the comments at what is exported, into docs/api/. typedoc cannot read the
// TypeScript 7 that the repository checks with, so it is installed with an older one in a folder of its own, for this
// command only.
import { spawnSync } from "node:child_process";
import { root } from "./checks.js";

const folder = `${root}/scripts/typedoc`;
run("npm", ["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]);
run(process.execPath, [`${folder}/node_modules/typedoc/bin/typedoc`, "--options", `${folder}/typedoc.json`]);

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
