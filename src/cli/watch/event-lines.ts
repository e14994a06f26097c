/** Events as lines of text: the first says what happened, indented ones the rest. */
import type { RebalanceDescription } from "../../client/admin/groups.ts";
import { printable } from "../output/table.ts";
import { type MemberName, shortName, withShortIds } from "./look.ts";
import type { Move, Rebalance, WatchEvent, WatchStarted } from "./watch-event.ts";
import { counted, dayAndTime, inSpan, inTime, inTopics } from "./words.ts";

/** @returns without the time, which whoever prints them puts in front of the first */
export function eventLines(event: WatchEvent): string[] {
  return linesOf(event).map((line) => printable(withShortIds(line)));
}

function linesOf(event: WatchEvent): string[] {
  switch (event.type) {
    case "watchStarted":
      return startedLines(event);
    case "rebalance":
      return rebalanceLines(event);
    case "staticMemberReturned":
      return [`${event.groupInstanceId} is back under another member id, nothing moved (inferred)`];
    case "groupAppeared":
      return [`group ${event.group} is there now`];
    case "groupGone":
      return [`group ${event.group} is gone: deleted, or expired`];
    case "coordinatorMoved":
      return [`the coordinator is node ${event.to} now, it was node ${event.from}`];
    case "looksFail":
      return [`blind: ${event.error}`];
    case "looksGoOn":
      return [`sees again, after ${inTime(event.blindMs)} in which anything may have happened`];
    case "watchEnded":
      return ["the watch ended"];
  }
}

/** What was before the watch began, without its time. */
export function earlierLine({ reason, fromGeneration, toGeneration, durationMs }: RebalanceDescription): string {
  const line = `earlier: ${reason}; generation ${fromGeneration} to ${toGeneration}, took ${inTime(durationMs)}`;
  return printable(withShortIds(line));
}

function startedLines(event: WatchStarted): string[] {
  const { group, state, assignor, members, lag, intervalMs, rebalances = [] } = event;
  if (state === "Dead") return [`group ${group} does not exist yet`];
  const how = assignor === "" ? "" : `, ${assignor}`;
  const what = `${state}${how}, ${counted(members.length, "member")}, lag ${lag}`;
  const each = members.map((member) => `${shortName(member)} has ${inTopics(member.assignment) || "nothing"}`);
  const before = rebalances.map((told) => `${dayAndTime(new Date(told.completedMs))}  ${earlierLine(told)}`);
  return [`watching group ${group} every ${inTime(intervalMs)}: ${what}`, ...[...each, ...before].map(indented)];
}

function rebalanceLines(event: Rebalance): string[] {
  const { reasons, source, fromGeneration, toGeneration, members, duration } = event;
  const generations = toGeneration === null ? "" : `generation ${fromGeneration ?? 0} to ${toGeneration}, `;
  const mark = source === "inferred" ? " (inferred)" : "";
  return [
    `rebalance: ${reasons.map(({ text }) => text).join("; ")}${mark}`,
    indented(`${generations}took ${inSpan(duration)}, ${counted(members, "member")} in ${event.state}`),
    ...cameAndWent("joined", event.joined),
    ...event.left.flatMap(({ hint, ...member }) => cameAndWent("left", [member], hint)),
    ...movedLines(event),
  ];
}

function cameAndWent(how: string, members: readonly MemberName[], hint?: string): string[] {
  if (members.length === 0) return [];
  const why = hint === undefined ? "" : `; ${hint}`;
  return [indented(`${how.padEnd(6)} ${members.map(fullName).join(", ")}${why}`)];
}

function fullName(member: MemberName): string {
  return member.host === "" ? shortName(member) : `${shortName(member)} at ${member.host}`;
}

/** What went the same way with the same pause stands in one line. */
function movedLines({ moved, kept, keptPause }: Rebalance): string[] {
  const ways = Map.groupBy(moved, (move) => `${ownerName(move.from)} → ${ownerName(move.to)}${pauseOf(move)}`);
  const lines = [...ways].map(([way, moves]) => `moved  ${inTopics(moves.map(({ partition }) => partition))}: ${way}`);
  if (kept > 0) {
    const still = keptPause.atMostMs === 0 ? "without a pause" : `stood still ${inSpan(keptPause)}`;
    lines.push(`kept   ${counted(kept, "partition")}, ${still}`);
  }
  return lines.map(indented);
}

function ownerName(member: MemberName | undefined): string {
  return member === undefined ? "nobody" : shortName(member);
}

function pauseOf({ to, pause, stalledBeforeMs }: Move): string {
  const before = stalledBeforeMs === undefined ? "" : `, no progress for ${inTime(stalledBeforeMs)} before`;
  if (pause !== undefined) return `, without an owner ${inSpan(pause)}${before}`;
  return to === undefined ? `, without an owner from now on${before}` : "";
}

function indented(line: string): string {
  return `    ${line}`;
}
