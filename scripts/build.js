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
const parts = {
  index: "src/index.ts",
  broker: "src/broker/index.ts",
  client: "src/client/index.ts",
  testing: "src/testing/index.ts",
};
const entryPoints = { cli: "src/cli/main.ts", ...parts };
const everything = ["src/index.ts", "src/testing/index.ts"].map((path) => `export * from "./${path}";`).join("");
const [{ metafile }] = await Promise.all([
  build({ ...common, entryPoints, format: "esm", splitting: true, metafile: true }),
  build({
    ...{ ...common, ...commonjs, outdir: undefined, outfile: resolve(outdir, "all.cjs") },
    stdin: { contents: everything, resolveDir: root },
  }),
]);
// In CommonJS all entries are parts of one bundle, so that an error is an instance of the same class everywhere.
for (const [name, entryPoint] of Object.entries(parts)) {
  const output = Object.values(metafile.outputs).find((each) => each.entryPoint === entryPoint);
  const names = output.exports.join(", ");
  const text = `const { ${names} } = require("./all.cjs");\nmodule.exports = { ${names} };\n`;
  writeFileSync(resolve(outdir, `${name}.cjs`), text);
}
const declarations = ["-p", "tsconfig.build.json", "--outDir", resolve(outdir, "types")];
const types = spawnSync("node_modules/.bin/tsc", declarations, { cwd: root, stdio: "inherit" });
process.exitCode = types.status ?? 1;
