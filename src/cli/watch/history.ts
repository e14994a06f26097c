/** `regroup groups history FILE`: what a recording of `groups watch` tells. */
import { Command, Option } from "commander";
import { examples } from "../broker-command.ts";
import { FailedError, UsageError } from "../errors.ts";
import { say, warn } from "../messages.ts";
import { readNamedFile } from "../read-file.ts";
import { writeOut } from "../stdout.ts";
import { eventLines } from "./event-lines.ts";
import { eventLine, readRecording } from "./recording.ts";
import { summaryLines, summaryOf } from "./summary.ts";
import { timeRange } from "./time-range.ts";
import type { WatchEvent } from "./watch-event.ts";
import { dayAndTime } from "./words.ts";

interface HistoryFlags {
  readonly since?: string;
  readonly until?: string;
  readonly reason?: string;
  readonly output: "table" | "json";
}

export const historySummary = "Show why and when a group rebalanced, from a recording of groups watch.";

export function historyCommand(): Command {
  return new Command("history")
    .description(historySummary)
    .argument("<file>", "as groups watch --record wrote it")
    .option("--since <time>", "03:00, or 2026-11-21T03:00 (local time)")
    .option("--until <time>", "the same")
    .option("--reason <text>", "only rebalances whose reasons have it: left, joined, secondRound …")
    .addOption(
      new Option("-o, --output <format>", "for people, or one event a line")
        .choices(["table", "json"])
        .default("table"),
    )
    .addHelpText(
      "after",
      examples(
        "regroup groups watch billing --record billing.jsonl",
        "regroup groups history billing.jsonl --since 02:55 --until 03:10",
        "regroup groups history billing.jsonl --reason left -o json | jq .moved",
      ),
    )
    .action(history);
}

async function history(file: string, flags: HistoryFlags): Promise<void> {
  const { events, damaged } = readRecording(await readNamedFile(file, "groups history"));
  for (const line of damaged) warn(`${file}, line ${line}: no event of groups watch`);
  if (events.length === 0) throw new FailedError(`${file} holds no events of groups watch`);
  const shown = chosen(events, flags);
  if (flags.output === "json") return writeOut(shown.map(eventLine).join(""));
  await writeOut(shown.map(paragraph).join(""));
  for (const line of summaryLines(summaryOf(shown))) say(line);
}

/** @throws {UsageError} */
function chosen(events: readonly WatchEvent[], { since, until, reason }: HistoryFlags): WatchEvent[] {
  const { sinceMs, untilMs } = rangeOf(since, until, Math.max(...events.map(({ at }) => Date.parse(at))));
  return events.filter((event) => {
    const atMs = Date.parse(event.at);
    return atMs >= sinceMs && atMs <= untilMs && (reason === undefined || hasReason(event, reason));
  });
}

function rangeOf(since: string | undefined, until: string | undefined, endMs: number) {
  try {
    return timeRange(since, until, endMs);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function hasReason(event: WatchEvent, wanted: string): boolean {
  if (event.type !== "rebalance") return false;
  const hints = event.left.flatMap(({ hint }) => hint ?? []);
  const texts = [...event.reasons.flatMap(({ code, text }) => [code, text]), ...hints];
  return texts.some((text) => text.toLowerCase().includes(wanted.toLowerCase()));
}

function paragraph(event: WatchEvent): string {
  const [first, ...more] = eventLines(event);
  return [`${dayAndTime(new Date(event.at))}  ${first}`, ...more, ""].join("\n");
}
