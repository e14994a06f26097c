/** From what was found to the lines of the table: medians, ratios with their spread, targets. */
import { median } from "../median.ts";
import type { Product, Setting } from "./brokers.ts";
import type { Found } from "./found.ts";
import type { Figure, Target, Trial } from "./row.ts";

export interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

export interface Line {
  readonly what: string;
  readonly unit: string;
  readonly setting: Setting;
  readonly regroup: readonly number[];
  readonly kafka: readonly number[];
  /** Of the medians; with the lowest and the highest of the rounds, each against its neighbour. */
  readonly ratio: Ratio | undefined;
  readonly target: string;
  /** undefined: nothing to hold it against. */
  readonly isMet: boolean | undefined;
}

export function linesOf(trial: Trial, found: readonly Found[]): Line[] {
  return Object.entries(trial.figures).flatMap(([name, figure]) =>
    trial.settings.map((setting) => lineOf(name, figure, setting, found)),
  );
}

function lineOf(name: string, figure: Figure, setting: Setting, found: readonly Found[]): Line {
  const valuesOf = (product: Product) => {
    return found.find((it) => it.product === product && it.setting === setting)?.values[name] ?? [];
  };
  const [regroup, kafka] = [valuesOf("regroup"), valuesOf("kafka")];
  const ratio = figure.isUnlike ? undefined : ratioOf(regroup, kafka);
  const target = figure.targets?.[setting] ?? {};
  const { what, unit } = figure;
  const isMet = Number.isNaN(median(regroup))
    ? undefined
    : meets(target, figure.better, median(regroup), ratio?.median);
  return { what, unit, setting, regroup, kafka, ratio, target: wordsFor(target, figure), isMet };
}

/** Of amounts: where one of them is nothing, or less, a ratio says nothing. */
function ratioOf(regroup: readonly number[], kafka: readonly number[]): Ratio | undefined {
  const rounds = regroup.flatMap((value, at) => (value > 0 && kafka[at]! > 0 ? [value / kafka[at]!] : []));
  const ofMedians = median(regroup) / median(kafka);
  if (rounds.length === 0 || !(ofMedians > 0)) return undefined;
  return { median: ofMedians, low: Math.min(...rounds), high: Math.max(...rounds), rounds: rounds.length };
}

function meets({ ratio, value }: Target, better: Figure["better"], own: number, against: number | undefined) {
  const holds = (is: number, wanted: number) => (better === "more" ? is >= wanted : is <= wanted);
  if (value !== undefined) return holds(own, value);
  if (ratio !== undefined && against !== undefined) return holds(against, ratio);
  return undefined;
}

function wordsFor({ ratio, value }: Target, { better, unit }: Figure): string {
  const sign = better === "more" ? "≥" : "≤";
  if (value !== undefined) return `${sign} ${value} ${unit}`;
  return ratio === undefined ? "" : `${sign} ${ratio} ×`;
}
