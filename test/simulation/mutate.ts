/**
 * node test/simulation/mutate.ts [part of a name] [--seeds 2000] [--from 10]: plants each defect in a copy of the
 * source, and says how many seeds the simulator needs to find it. The table is the one in docs/simulation.md.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { numberOf, readCommandLine } from "../../src/bench/flags.ts";
import { type Defect, defects } from "./defects.ts";

const { values, positionals } = readCommandLine({
  seeds: { type: "string", default: "2000" },
  from: { type: "string", default: "0" },
});
const seeds = String(numberOf("seeds", values.seeds));
const from = numberOf("from", values.from);
const root = new URL("../..", import.meta.url).pathname;
const copy = mkdtempSync(join(tmpdir(), "regroup-defects-"));
const mostMs = 3_600_000;

function firstFinding(): { readonly seed: number; readonly invariant: string } | null {
  const script = join(copy, "test/simulation/first-finding.ts");
  const { stdout, stderr, error } = spawnSync(process.execPath, [script, seeds], { encoding: "utf8", timeout: mostMs });
  if (error !== undefined) return { seed: Number.NaN, invariant: `it never ends: ${error.message}` };
  if (stdout === "") return { seed: Number.NaN, invariant: `it breaks: ${stderr.split("\n").slice(0, 5).join(" ")}` };
  return JSON.parse(stdout);
}

function plant({ file, from, to }: Defect): () => void {
  const path = join(copy, "src", file);
  const source = readFileSync(path, "utf8");
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  return () => writeFileSync(path, source);
}

try {
  for (const part of ["src", "test/simulation", "package.json"])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules")); // native checksums and codecs
  console.log("| defect | in | seeds | what broke |\n|---|---|---|---|");
  for (const defect of defects.slice(from).filter(({ name }) => positionals.every((part) => name.includes(part)))) {
    const takeOut = plant(defect);
    const found = firstFinding();
    takeOut();
    if (found === null) process.exitCode = 1;
    console.log(`| ${defect.name} | \`${defect.file}\` | ${found?.seed ?? "missed"} | ${found?.invariant ?? ""} |`);
  }
} finally {
  rmSync(copy, { recursive: true });
}
