/** The page of the whole matrix: a part for each load, a row for each shape, the settings beside each other. */
import { median } from "../median.ts";
import type { Setting } from "./brokers.ts";
import type { FoundSoFar } from "./found.ts";
import { type Line, linesOf } from "./lines.ts";
import { cell, markdownTable, nameOfSetting, number } from "./report.ts";
import type { Trial } from "./row.ts";

interface Part {
  readonly load: string;
  readonly lines: readonly Line[];
}

export function matrixPage(circumstance: string, trials: readonly Trial[], found: FoundSoFar): string {
  const parts = [...Map.groupBy(trials, ({ load }) => load!)].map(([load, of]): Part => {
    return { load, lines: of.flatMap((trial) => linesOf(trial, found.of(trial.id))) };
  });
  const head = `# The whole matrix\n\nWhat is compared with what: [performance](performance.md).\n\n${circumstance}`;
  const reading = [
    "A ratio is regroup's figure to Kafka's: what is counted per second is better above 1, what takes ms below.",
    "Most rows are one short turn of each, and a slow moment of the machine is the figure of the row that met it: read",
    "a part for how it goes from row to row. Here is the ratio in its middle, with the lowest and the highest.",
  ].join("\n");
  return [head, reading, overview(parts), ...parts.map(textOf)].join("\n\n");
}

function settingsOf(lines: readonly Line[]): Setting[] {
  return [...new Set(lines.flatMap(({ setting }) => setting ?? []))];
}

/** Of each load and unit the ratio in the middle, with the lowest and the highest. */
function overview(parts: readonly Part[]): string {
  const rows = parts.flatMap(({ load, lines }) =>
    [...Map.groupBy(lines, ({ unit }) => unit)].map(([unit, of]) => {
      const ratios = (setting: Setting) => {
        return of.flatMap(({ ratio, ...line }) => (line.setting === setting && ratio ? [ratio.median] : []));
      };
      const told = (["fsync", "os"] as const).map((setting) => spread(ratios(setting)));
      return [`[${load}](#${anchorOf(load)}), ${unit}`, ...told];
    }),
  );
  return markdownTable(["regroup / Kafka", "fsync", "OS"], rows).trimEnd();
}

function spread(ratios: readonly number[]): string {
  if (ratios.length === 0) return "–";
  return `${number(median(ratios))} × (${number(Math.min(...ratios))} – ${number(Math.max(...ratios))})`;
}

/** As GitHub makes it of a heading. */
function anchorOf(load: string): string {
  return load
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");
}

function textOf({ load, lines }: Part): string {
  const settings = settingsOf(lines);
  const units = new Set(lines.map(({ unit }) => unit));
  const [corner, isAlike] = units.size === 1 ? [[...units][0]!, true] : ["", false];
  const head = settings.flatMap((setting) => {
    const names = setting === "memory" ? ["regroup"] : ["regroup", "Kafka", "ratio"];
    return names.map((name) => `${nameOfSetting[setting]}: ${name}`);
  });
  const rows = [...Map.groupBy(lines, ({ what, unit }) => `${what}, ${unit}`)].map(([whole, of]) => {
    const name = (isAlike ? of[0]!.what : whole).slice(load.length + ": ".length);
    return [
      name,
      ...settings.flatMap((setting) =>
        cellsOf(
          setting,
          of.find((line) => line.setting === setting),
        ),
      ),
    ];
  });
  const failures = lines.flatMap(({ what, setting, failures: reasons }) => {
    return reasons.map((reason) => `- ${what}, ${nameOfSetting[setting!]}: ${reason}\n`);
  });
  const table = markdownTable([corner, ...head], rows);
  return `## ${load}\n\n${table}${failures.length === 0 ? "" : `\n${failures.join("")}`}`.trimEnd();
}

/** @param line undefined: it is not measured so. */
function cellsOf(setting: Setting, line: Line | undefined): string[] {
  const { regroup = [], kafka = [], ratio } = line ?? {};
  if (setting === "memory") return [cell(regroup)];
  return [cell(regroup), cell(kafka), ratio === undefined ? "–" : `${number(ratio.median)} ×`];
}
