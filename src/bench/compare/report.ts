/** The table, and the charts in text: one line for each broker, the longest the largest. */
import { cpus, release, totalmem, type } from "node:os";
import { median } from "../median.ts";
import { versions } from "./brokers.ts";
import type { Estimate } from "./estimate.ts";
import type { Line } from "./lines.ts";

export const nameOfSetting = { fsync: "fsync", os: "OS", memory: "memory" };

export function number(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (value <= 0) return "0";
  if (value >= 100_000) return `${Math.round(value / 1000).toLocaleString("en")}k`;
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value.toPrecision(2);
}

export function cell(values: readonly number[]): string {
  return values.length === 0 ? "–" : number(median(values));
}

export function row(line: Line): string[] {
  const { what, unit, setting, regroup, kafka, ratio, target, isMet, failures } = line;
  const spread = ratio && ratio.rounds > 1 ? ` (${number(ratio.low)} – ${number(ratio.high)})` : "";
  const judged = target === "" ? [] : [`${target}${isMet === undefined ? "" : isMet ? " ✓" : " ✗"}`];
  return [
    `${what}, ${unit}`,
    setting === undefined ? "–" : nameOfSetting[setting],
    cell(regroup),
    cell(kafka),
    ratio === undefined ? "–" : `${number(ratio.median)} ×${spread}`,
    [...judged, ...failures].join("; "),
  ];
}

/** A line for a terminal. */
export function textOf(line: Line): string {
  const [what, setting, regroup, kafka, ratio, target] = row(line);
  const figures = [regroup, kafka, ratio].map((each, at) => each!.padStart(at === 2 ? 22 : 9)).join(" ");
  return `${what!.padEnd(72)} ${setting!.padEnd(6)} ${figures}  ${target}`.trimEnd();
}

/** In seconds as long as minutes would say little. */
export function timeOf(ms: number): string {
  return ms < 120_000 ? `${(ms / 1000).toFixed(0)} s` : `${(ms / 60_000).toFixed(0)} minutes`;
}

/** Behind a round. */
export function progressOf({ progress, leftMs }: Pick<Estimate, "progress" | "leftMs">): string {
  return `… ${progress} rounds${leftMs > 0 ? `, about ${timeOf(leftMs)} for the others` : ""}`;
}

const head = ["what", "flush", "regroup", "Kafka", "regroup / Kafka", "target"];

/** What the machine took is set apart: it is nobody's figure. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map((line) => {
    const [what, setting, value, ...others] = row(line).map(inTable);
    return line.setting === undefined ? [`*${what}*`, setting, `*${value}*`, ...others] : row(line).map(inTable);
  });
  return markdownTable(head, rows);
}

export function markdownTable(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** A reason for a failure may have what ends a cell. */
function inTable(text: string): string {
  return text.replaceAll("|", "\\|");
}

const barLength = 40;

/** Only what was measured on both. */
export function charts(lines: readonly Line[]): string {
  const pairs = lines.filter(({ ratio, target }) => ratio !== undefined && target !== "");
  const drawn = pairs.map(({ what, unit, setting, regroup, kafka }) => {
    const [ours, theirs] = [median(regroup), median(kafka)];
    const most = Math.max(ours, theirs);
    const bar = (name: string, value: number) => {
      const length = Math.max(1, Math.round((value / most) * barLength));
      return `  ${name.padEnd(8)} ${"█".repeat(length)} ${number(value)}\n`;
    };
    return `${what} (${unit}), ${nameOfSetting[setting!]}\n${bar("regroup", ours)}${bar("Kafka", theirs)}`;
  });
  return drawn.length === 0 ? "" : `\`\`\`\n${drawn.join("\n")}\`\`\`\n`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** On what it was measured, in a sentence each. */
export function circumstances(ms: number, stolen: readonly number[]): string {
  const { regroup, node, kafka, java, kcat, librdkafka } = versions();
  const witness = kcat === undefined ? "" : `; kcat ${kcat} with librdkafka ${librdkafka}`;
  const [cpu] = cpus();
  const known = stolen.filter((share) => !Number.isNaN(share)); // where all rounds failed there is none
  const shares =
    `The host of this machine gave others ${percent(median(known))} of its processor time in the middle round, and ` +
    `${percent(Math.max(0, ...known))} in the worst.`;
  const version = /^[\d.]*\d/.exec(release())?.[0]; // without what a distribution calls its build
  return [
    `Measured on ${new Date().toISOString().slice(0, 10)} in ${timeOf(ms)}, on ${cpus().length} × ` +
      `${cpu?.model.trim() || "unnamed processor"}, ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${version}.`,
    `regroup ${regroup} (the packaged build) on Node ${node}; Apache Kafka ${kafka} on Java ` +
      `${java ?? "–"} with the options of its own start scripts and a heap of 1 GB${witness}.`,
    ...(known.length === 0 ? [] : [shares]),
  ].join("\n");
}
