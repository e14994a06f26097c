// npm run build [-- folder]: dist/ as npm publishes it (docs/decisions/0004-the-npm-package.md). Node strips no types
// under node_modules, and a few bundles start several times faster than a hundred modules.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { root } from "./checks.js";

const outdir = resolve(root, process.argv[2] ?? "dist");
const common = {
  absWorkingDir: root,
  outdir,
  bundle: true,
  platform: "node",
  target: "node22.15",
  logLevel: "warning",
};
/** Also the native ones: npm brings those of the user's platform. */
const library = { packages: "external" };

const commonjs = {
  outdir: undefined,
  format: "cjs",
  define: { "import.meta.url": "importMetaUrl", "import.meta.dirname": "__dirname" },
  banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
};

/** What every call of the command needs lies in its bundle: to find and read their 40 files takes 12 ms of 115. */
const bundled = ["commander", "pino"];
const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const command = {
  ...{ ...common, ...commonjs },
  external: Object.keys(dependencies).filter((name) => !bundled.includes(name)),
  entryPoints: ["src/cli/main.ts"],
  supported: { "dynamic-import": false }, // bin/compiled.js
};
/** In what runs a broker the code of other commands would take 15 ms of each start. */
const withoutOtherCommands = {
  name: "without other commands",
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ kind, importer, path }) => {
      const isOther = kind === "dynamic-import" && importer.endsWith("program.ts") && path !== "./serve.ts";
      return isOther ? { path, external: true } : undefined;
    });
  },
};

rmSync(outdir, { recursive: true, force: true });
const parts = {
  index: "src/index.ts",
  broker: "src/broker/index.ts",
  client: "src/client/index.ts",
  testing: "src/testing/index.ts",
};
const everything = ["src/index.ts", "src/testing/index.ts"].map((path) => `export * from "./${path}";`).join("");
const [{ metafile }, cli] = await Promise.all([
  build({ ...common, ...library, entryPoints: parts, format: "esm", splitting: true, metafile: true }),
  build({ ...command, outfile: resolve(outdir, "cli.cjs"), metafile: true }),
  build({ ...command, outfile: resolve(outdir, "serve.cjs"), plugins: [withoutOtherCommands] }),
  build({
    ...{ ...common, ...library, ...commonjs, outfile: resolve(outdir, "all.cjs") },
    stdin: { contents: everything, resolveDir: root },
  }),
]);
writeFileSync(resolve(outdir, "cli.LICENSES.txt"), licensesOf(cli.metafile));
for (const name of ["cli.cjs", "serve.cjs"]) finishCommand(resolve(outdir, name));
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

/**
 * esbuild escapes what is not ASCII but in comments; one such character doubles what V8 keeps of the whole text. The
 * first line tells bin/compiled.js which text it is.
 */
function finishCommand(file) {
  const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const text = readFileSync(file, "utf8").replace(/[^\0-\x7f]/g, escaped);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const first = `// ${hash} names what V8 compiled of this file (bin/compiled.js): to change the one is to change both`;
  writeFileSync(file, `${first}\n${text}`);
}

/** What others wrote in a bundle comes with their licences. */
function licensesOf({ inputs }) {
  const packages = Object.keys(inputs).flatMap((file) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[0] ?? []);
  const texts = [...new Set(packages)].sort().map((folder) => {
    const license = readdirSync(resolve(root, folder)).find((file) => /^licen[cs]e/i.test(file));
    if (license === undefined) throw new Error(`${folder} has no licence`);
    const { name, version } = JSON.parse(readFileSync(resolve(root, folder, "package.json"), "utf8"));
    return `${name} ${version}\n\n${readFileSync(resolve(root, folder, license), "utf8").trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
