/** The screen of `groups watch`, as lines of text: what is known to what is seen. */
import { printable } from "../output/table.ts";
import { earlierLine, eventLines } from "./event-lines.ts";
import { type Look, type LookMember, type PartitionName, shortName } from "./look.ts";
import { type PartitionRate, ratesOf, sumOf } from "./rates.ts";
import type { WatchEvent } from "./watch-event.ts";
import { clockTime, counted, inTime, inTopics, thousands } from "./words.ts";

export interface ViewState {
  readonly group: string;
  readonly intervalMs: number;
  /** Undefined: the first look is under way. */
  readonly look: Look | undefined;
  /** For rates. */
  readonly before: Look | undefined;
  /** The oldest first. */
  readonly events: readonly WatchEvent[];
  /** Why nothing is seen; undefined: all is well. */
  readonly blind: string | undefined;
  readonly recording: string | undefined;
}

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Marks a heading; plain text where there are no colours. */
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** @returns at most as many lines as the screen has, none wider than it */
export function view(state: ViewState, screen: Screen): string[] {
  const { columns, rows, bold, dim } = screen;
  const fit = (line: string) => fitted(printable(line), columns);
  const footer = [fit(footerOf(state))];
  if (state.look === undefined) {
    return [bold(fit(`group ${state.group}`)), "", fit(state.blind ?? "looking …"), "", ...footer.map(dim)].slice(
      0,
      rows,
    );
  }
  const members = memberLines(state.look, ratesOf(state.before, state.look));
  const events = state.events.toReversed().map(timedLines);
  const room = Math.max(0, rows - 6);
  const shown = shortened(members.rows, Math.max(3, Math.ceil(room * 0.6)), "member");
  const told = inTime(state.intervalMs);
  const title = `REBALANCES${state.look.told === undefined ? `  reasons are inferred from looks every ${told}` : ""}`;
  const log = events.flat().slice(0, Math.max(0, room - shown.length));
  return [
    bold(fit(headline(state, state.look))),
    "",
    bold(fit(members.heading)),
    ...shown.map(fit),
    "",
    bold(fit(title)),
    ...(log.length === 0 ? [dim(fit("none since the watch began"))] : log.map(fit)),
    ...footer.map(dim),
  ].slice(0, rows);
}

function fitted(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`;
}

function headline({ group, blind, before }: ViewState, look: Look): string {
  if (blind !== undefined) return `group ${group}  blind: ${blind}`;
  if (look.state === "Dead") return `group ${group}  does not exist`;
  const rates = [...ratesOf(before, look).values()];
  const consumed = sumOf(rates.map(({ consumedPerS }) => consumedPerS));
  const produced = sumOf(rates.map(({ producedPerS }) => producedPerS));
  return [
    `group ${group}`,
    look.state,
    ...(look.assignor === "" ? [] : [look.assignor]),
    counted(look.members.length, "member"),
    `lag ${number(sumOf(rates.map(({ lag }) => lag)))}`,
    `${number(consumed)}/s committed`,
    `${number(produced)}/s produced`,
    clockTime(new Date(look.atMs)),
  ].join("  ");
}

interface Row {
  readonly member: string;
  readonly host: string;
  readonly lag: string;
  readonly rate: string;
  readonly partitions: string;
}

const headings: Row = { member: "MEMBER", host: "HOST", lag: "LAG", rate: "RATE/s", partitions: "PARTITIONS" };

function memberLines(look: Look, rates: ReadonlyMap<PartitionName, PartitionRate>) {
  const owned = new Set(look.members.flatMap(({ assignment }) => assignment));
  const ownerless = look.partitions.map(({ name }) => name).filter((name) => !owned.has(name));
  const members = look.members.toSorted((a, b) => (shortName(a) < shortName(b) ? -1 : 1));
  const table = [
    ...members.map((member) => rowOf(member, rates)),
    ...(ownerless.length === 0 ? [] : [row("(no owner)", "", ownerless, rates)]),
  ];
  const all = [headings, ...table];
  const width = (column: keyof Row) => Math.max(...all.map((each) => each[column].length));
  const [member, host, lag, rate] = [width("member"), width("host"), width("lag"), width("rate")];
  const line = (each: Row) =>
    `${each.member.padEnd(member)}  ${each.host.padEnd(host)}  ${each.lag.padStart(lag)}  ` +
    `${each.rate.padStart(rate)}  ${each.partitions}`;
  return { heading: line(headings), rows: table.map(line) };
}

function rowOf(member: LookMember, rates: ReadonlyMap<PartitionName, PartitionRate>): Row {
  return row(shortName(member), member.host, member.assignment, rates);
}

function row(
  member: string,
  host: string,
  partitions: readonly PartitionName[],
  rates: ReadonlyMap<PartitionName, PartitionRate>,
): Row {
  const theirs = partitions.map((name) => rates.get(name));
  const lag = number(sumOf(theirs.map((each) => each?.lag)));
  const rate = number(sumOf(theirs.map((each) => each?.consumedPerS)));
  return { member, host, lag, rate, partitions: inTopics(partitions) || "-" };
}

function number(value: number | undefined): string {
  return value === undefined ? "-" : thousands(value);
}

function shortened(rows: readonly string[], most: number, thing: string): string[] {
  if (rows.length <= most) return [...rows];
  return [...rows.slice(0, most - 1), `… and ${counted(rows.length - most + 1, `more ${thing}`)}`];
}

/** Of what was when the watch began the table tells; of what was before, the coordinator. */
function timedLines(event: WatchEvent): string[] {
  if (event.type === "watchStarted") {
    const earlier = (event.rebalances ?? []).toReversed();
    return earlier.map((told) => `${clockTime(new Date(told.completedMs))}  ${earlierLine(told)}`);
  }
  const [first, ...more] = eventLines(event);
  return [`${clockTime(new Date(event.at))}  ${first}`, ...more.map((line) => `      ${line}`)];
}

function footerOf({ recording }: ViewState): string {
  return `${recording === undefined ? "" : `recording to ${recording}  `}q or Ctrl-C: quit`;
}
