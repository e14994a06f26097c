/**
 * regroup beside Apache Kafka on this machine, in turns: the rows of docs/performance.md.
 *
 *     npm run bench                             regroup alone
 *     npm run bench -- --against kafka          both, in 15 minutes (Java 17 or later)
 *     npm run bench -- --against kafka --write  … and into docs/performance.md and .json
 *     npm run bench -- --full                   the whole matrix: half an hour, with Kafka an hour
 *     npm run bench -- --only produce,latency   trials whose name has one of these parts; --list prints the names
 *     npm run bench -- --minutes 30             begins nothing after that (default 14; --full: 58)
 *     npm run bench -- --full --resume run.json  keeps in the file what it found, and goes on where that ends
 *
 * It goes over all rows again and again until each has had its rounds: where the time ends all have about as many. What
 * fails is told in its row, and at the end with exit code 1; --resume tries it again.
 */
import { join } from "node:path";
import { type Product, versions } from "./compare/brokers.ts";
import { FoundSoFar } from "./compare/found.ts";
import { lifeTrials } from "./compare/life-trials.ts";
import { linesOf } from "./compare/lines.ts";
import { loadTrials } from "./compare/load-trials.ts";
import { matrixTrials } from "./compare/matrix-trials.ts";
import { measureAll } from "./compare/measure.ts";
import { writePages } from "./compare/pages.ts";
import { progressOf, textOf, timeOf } from "./compare/report.ts";
import { type Trial, wordsOf } from "./compare/row.ts";
import { transactionTrials } from "./compare/transaction-trials.ts";
import { witnessesWith } from "./compare/witnesses.ts";
import { positiveOf, readFlags, refuse } from "./flags.ts";

const flags = readFlags({
  against: { type: "string" },
  full: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  only: { type: "string" },
  resume: { type: "string" },
  write: { type: "boolean", default: false },
  minutes: { type: "string" },
});
if (flags.against !== undefined && flags.against !== "kafka") refuse(`--against ${flags.against}: only kafka is known`);
const products: Product[] = flags.against === undefined ? ["regroup"] : ["regroup", "kafka"];
const has = versions();
if (flags.against !== undefined && has.java === undefined) refuse("--against kafka needs Java 17 or later");
const defaultMinutes = flags.full ? 58 : 14;
const minutes = flags.minutes === undefined ? defaultMinutes : positiveOf("minutes", flags.minutes);
if (flags.write && flags.only !== undefined) {
  refuse(`--write with --only ${flags.only}: expected one of the two, as pages are written with all their rows`);
}

const witnesses = witnessesWith(has);
const standard: Trial[] = [...loadTrials, ...lifeTrials, ...witnesses.trials, ...transactionTrials];
const trials = flags.full ? [...standard, ...matrixTrials] : standard;
const parts = flags.only?.split(",").map((part) => part.trim());
const isIn = (part: string) => part !== "" && [...trials, ...witnesses.missing].some(({ id }) => id.includes(part));
const unknown = parts?.filter((part) => !isIn(part)) ?? [];
if (unknown.length > 0) {
  const all = `--list prints the names${flags.full ? "" : ", --full --list those of the matrix, too"}`;
  refuse(`--only ${flags.only}: no name has ${unknown.map((part) => `"${part}"`).join(" or ")} in it; ${all}`);
}
const isChosen = ({ id }: { readonly id: string }) => parts?.some((part) => id.includes(part)) ?? true;
const missing = witnesses.missing.filter(isChosen).map(({ id, needs }) => `${id} (needs ${needs})`);
if (missing.length > 0) console.error(`Left out: ${missing.join(", ")}.`);
const chosen = trials.filter(isChosen);
if (chosen.length === 0) refuse(`--only ${flags.only}: nothing of it can be measured here`);
if (flags.list) {
  const width = Math.max(...chosen.map(({ id }) => id.length));
  for (const trial of chosen) console.log(`${trial.id.padEnd(width)}  ${wordsOf(trial)}`);
  process.exit();
}

const found = await FoundSoFar.open(products, flags.resume).catch((error: Error) => {
  return refuse(`--resume ${error.message}`);
});
const linesFor = (trial: Trial) => linesOf(trial, found.of(trial.id));
await measureAll(chosen, found, {
  products,
  budgetMs: minutes * 60_000,
  onBegin: ({ progress, leftMs }) => {
    if (leftMs === 0) return console.error("All rounds are there already.");
    const end = `--minutes ${minutes}: nothing is begun later`;
    console.error(`${progress} rounds; all will take about ${timeOf(leftMs)} (${end}).`);
  },
  onFound: (trial, estimate) => {
    for (const line of linesFor(trial)) console.log(textOf(line));
    console.error(progressOf(estimate));
  },
});
const lines = chosen.flatMap(linesFor);
console.log(`\n${lines.map(textOf).join("\n")}`);
const staying = flags.write ? await writePages(join(import.meta.dirname, "../../docs"), chosen, found, has) : [];
for (const why of staying) console.error(`${why}: --minutes gives a run more time, --resume FILE lets it go on`);
const failed = chosen.flatMap(({ id }) => found.of(id)).filter(({ failures }) => failures.length > 0);
for (const { trial, product, setting, failures } of failed) {
  for (const { reason } of failures) console.error(`failed: ${trial} on ${product}, ${setting}: ${reason}`);
}
process.exit(failed.length + staying.length === 0 ? 0 : 1); // whatever was given up may go on
