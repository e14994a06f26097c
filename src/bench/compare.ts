/**
 * regroup beside Apache Kafka on this machine, in turns: the rows of docs/performance.md. `npm run bench` runs it.
 *
 *     npm run bench                             regroup alone
 *     npm run bench -- --against kafka          both, in less than 15 minutes (Java 17 or later)
 *     npm run bench -- --against kafka --write  … and into docs/performance.md and .json
 *     npm run bench -- --full                   the whole matrix: more than an hour with Kafka
 *     npm run bench -- --only produce,latency   trials whose name has one of these parts
 *     npm run bench -- --minutes 30             begins no trial after that (default 13; --full: no limit)
 */
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Product } from "./compare/brokers.ts";
import { lifeTrials } from "./compare/life-trials.ts";
import { type Line, linesOf } from "./compare/lines.ts";
import { loadTrials } from "./compare/load-trials.ts";
import { matrixTrials } from "./compare/matrix-trials.ts";
import { type Found, measureAll } from "./compare/measure.ts";
import { charts, circumstances, row, table } from "./compare/report.ts";
import type { Trial } from "./compare/row.ts";
import { hasKcat, javaWitness, kcatWitness } from "./compare/witnesses.ts";

const { values: flags } = parseArgs({
  options: {
    against: { type: "string" },
    full: { type: "boolean", default: false },
    only: { type: "string" },
    write: { type: "boolean", default: false },
    minutes: { type: "string", default: "13" },
  },
});
if (flags.against !== undefined && flags.against !== "kafka") throw new Error("--against: only kafka is known");
const products: Product[] = flags.against === undefined ? ["regroup"] : ["regroup", "kafka"];
const hasJava = spawnSync("java", ["-version"]).status === 0;
if (flags.against !== undefined && !hasJava) throw new Error("--against kafka needs Java 17 or later");

const witnesses = hasJava ? [javaWitness, ...(hasKcat() ? [kcatWitness] : [])] : [];
const trials: Trial[] = [...loadTrials, ...lifeTrials, ...witnesses, ...(flags.full ? matrixTrials : [])];
/** Those of transactions come last: where the time ends first it ends there. */
const isLast = ({ id }: Trial) => id.startsWith("transactions");
const ordered = [...trials.filter((it) => !isLast(it)), ...trials.filter(isLast)];
const parts = flags.only?.split(",") ?? [""];
const chosen = ordered.filter(({ id }) => parts.some((part) => id.includes(part)));
if (chosen.length === 0) throw new Error(`--only ${flags.only}: nothing is called so`);
const startedMs = performance.now();
const lines: Line[] = [];
const found = await measureAll(chosen, {
  products,
  budgetMs: flags.full ? Number.POSITIVE_INFINITY : Number(flags.minutes) * 60_000,
  onFound: (trial, values) => {
    const told = linesOf(trial, values);
    lines.push(...told);
    for (const line of told) console.log(textOf(line));
  },
});
if (flags.write) await write(found);
process.exit(); // whatever was given up may go on

function textOf(line: Line): string {
  const [what, setting, regroup, kafka, ratio, target] = row(line);
  const figures = [regroup, kafka, ratio].map((cell, at) => cell!.padStart(at === 2 ? 22 : 9)).join(" ");
  return `${what!.padEnd(72)} ${setting!.padEnd(6)} ${figures}  ${target}`;
}

async function write(all: readonly Found[]): Promise<void> {
  const docs = join(import.meta.dirname, "../../docs");
  const minutes = (performance.now() - startedMs) / 60_000;
  const text = await readFile(join(docs, "performance.md"), "utf8");
  const [before, after] = [text.split("<!-- measured -->")[0]!, text.split("<!-- /measured -->")[1] ?? ""];
  const measured = `${circumstances(minutes)}\n\n${table(lines)}\n${charts(lines)}`;
  await writeFile(join(docs, "performance.md"), `${before}<!-- measured -->\n${measured}<!-- /measured -->${after}`);
  await writeFile(
    join(docs, "performance.json"),
    `${JSON.stringify({ circumstances: circumstances(minutes), found: all }, null, 1)}\n`,
  );
}
