// npm run build [-- folder]: dist/ as npm publishes it (docs/decisions/0004-the-npm-package.md). Node strips no types
// under node_modules, and a few bundles start several times faster than a hundred modules.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "esbuild";
import { root } from "./checks.js";

const outdir = resolve(root, process.argv[2] ?? "dist");
const common = {
  absWorkingDir: root,
  outdir,
  bundle: true,
  platform: "node",
  target: "node22.15",
  packages: "external", // also the native ones: npm brings those of the user's platform
  logLevel: "warning",
};

const commonjs = {
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  define: { "import.meta.url": "importMetaUrl" },
  banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
};

rmSync(outdir, { recursive: true, force: true });
const subpaths = { broker: "src/broker/index.ts", client: "src/client/index.ts" };
const entryPoints = { index: "src/index.ts", cli: "src/cli/main.ts", ...subpaths };
const [{ metafile }] = await Promise.all([
  build({ ...common, entryPoints, format: "esm", splitting: true, metafile: true }),
  build({ ...common, ...commonjs, entryPoints: { index: "src/index.ts" } }),
]);
// In CommonJS the subpaths are parts of the one bundle, so that an error is an instance of the same class everywhere.
for (const [name, entryPoint] of Object.entries(subpaths)) {
  const output = Object.values(metafile.outputs).find((each) => each.entryPoint === entryPoint);
  const names = output.exports.join(", ");
  const part = `const { ${names} } = require("./index.cjs");\nmodule.exports = { ${names} };\n`;
  writeFileSync(resolve(outdir, `${name}.cjs`), part);
}
const declarations = ["-p", "tsconfig.build.json", "--outDir", resolve(outdir, "types")];
const types = spawnSync("node_modules/.bin/tsc", declarations, { cwd: root, stdio: "inherit" });
process.exitCode = types.status ?? 1;
