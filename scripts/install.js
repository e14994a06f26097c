// Runs before every npm script: installs what package-lock.json names, unless that was done already.
// Plain JavaScript for Node 20, because in a fresh clone this is the machine's own Node, not the one the repo pins.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "node_modules", ".regroup-installed");
const pinnedNode = join(root, "node_modules", "node", "bin", "node");

const wanted = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");
const installed = existsSync(stamp) && existsSync(pinnedNode) ? readFileSync(stamp, "utf8") : "";

if (installed !== wanted) {
  console.log("Installing what package-lock.json names (once) …");
  const status = npm(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]);
  if (status !== 0) process.exit(status);
  if (!existsSync(pinnedNode)) {
    console.error(
      "The npm package `node`, which brings the Node.js that regroup runs on, is there without its Node.js.",
    );
    console.error("Is ignore-scripts set? Then run: npm rebuild node --ignore-scripts=false");
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}

/** Runs the npm that runs this script, on the Node that runs it: node_modules/.bin/node may be replaced meanwhile. */
function npm(args) {
  const { npm_execpath: npmCli, npm_node_execpath: node } = process.env;
  const [command, before] = npmCli?.endsWith("npm-cli.js") && node ? [node, [npmCli]] : ["npm", []];
  return spawnSync(command, [...before, ...args], { cwd: root, stdio: "inherit" }).status ?? 1;
}
