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
  /** undefined: no broker took part, and what the machine took stands in the place of regroup's. */
  readonly setting: Setting | undefined;
  readonly regroup: readonly number[];
  readonly kafka: readonly number[];
  /** Of the medians; with the lowest and the highest of the rounds, each against its neighbour. */
  readonly ratio: Ratio | undefined;
  readonly target: string;
  /** undefined: nothing to hold it against. */
  readonly isMet: boolean | undefined;
  /** Why rounds have no figures, and on which broker. */
  readonly failures: readonly string[];
}

export function linesOf(trial: Trial, found: readonly Found[]): Line[] {
  const ofBrokers = Object.entries(trial.figures).flatMap(([name, figure]) =>
    trial.settings.map((setting) => lineOf(name, figure, setting, found)),
  );
  const machine = found.find(({ product }) => product === "machine");
  const ofMachine = Object.entries(trial.machine?.figures ?? {}).map(([name, { what, unit }]): Line => {
    const failures = reasonsOf(machine, "");
    const values = machine?.values[name] ?? [];
    const none = { setting: undefined, kafka: [], ratio: undefined, target: "", isMet: undefined };
    return { what: `the machine: ${what}`, unit, regroup: values, failures, ...none };
  });
  return [...ofBrokers, ...ofMachine];
}

function lineOf(name: string, figure: Figure, setting: Setting, found: readonly Found[]): Line {
  const of = (product: Product) => found.find((it) => it.product === product && it.setting === setting);
  const [ours, theirs] = [of("regroup"), of("kafka")];
  const [regroup, kafka] = [ours?.values[name] ?? [], theirs?.values[name] ?? []];
  const ratio = figure.isUnlike ? undefined : ratioOf(regroup, kafka);
  const target = figure.targets?.[setting] ?? {};
  const { what, unit } = figure;
  const isMet = Number.isNaN(median(regroup))
    ? undefined
    : meets(target, figure.better, median(regroup), ratio?.median);
  const failures = [...reasonsOf(ours, "regroup "), ...reasonsOf(theirs, "Kafka ")];
  return { what, unit, setting, regroup, kafka, ratio, target: wordsFor(target, figure), isMet, failures };
}

/** Each once, with how many of the rounds it cost. */
function reasonsOf(found: Found | undefined, who: string): string[] {
  const reasons = (found?.failures ?? []).map(({ reason }) => reason.split("\n")[0]!);
  return [...new Set(reasons)].map((reason) => {
    const count = reasons.filter((it) => it === reason).length;
    return `${who}failed ${count === 1 ? "once" : `${count} times`}: ${reason}`;
  });
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
