/** `regroup groups watch GROUP` */
import { type FileHandle, open } from "node:fs/promises";
import { styleText } from "node:util";
import { type Command, InvalidArgumentError, Option } from "commander";
import { brokerCommand, type ConnectionFlags, examples } from "../broker-command.ts";
import { FailedError } from "../errors.ts";
import { largest } from "../key-values.ts";
import { holdMessages, say } from "../messages.ts";
import { usesColours } from "../output/output.ts";
import { interruption } from "../signals.ts";
import { writeOut } from "../stdout.ts";
import { openAdmin } from "../with-client.ts";
import { eventLines } from "./event-lines.ts";
import { eventLine } from "./recording.ts";
import { summaryLines, summaryOf } from "./summary.ts";
import { Terminal } from "./terminal.ts";
import { type ViewState, view } from "./view.ts";
import type { WatchEvent } from "./watch-event.ts";
import { type WatchStep, watchSteps } from "./watcher.ts";
import { dayAndTime } from "./words.ts";

interface WatchFlags extends ConnectionFlags {
  readonly output: "table" | "json";
  readonly interval: number;
  readonly record?: string;
}

export const watchSummary = "Watch a group live: members, lag, and each rebalance with its reason.";
const leastIntervalMs = 50;
/** What the screen can show of; the recording has all. */
const eventsKept = 200;

export function watchCommand(): Command {
  const formats = ["table", "json"] as const;
  return brokerCommand("watch", watchSummary)
    .argument("<group>", "its id")
    .addOption(
      new Option("-o, --output <format>", "a screen, or events as JSON lines").choices(formats).default("table"),
    )
    .addOption(
      new Option("--interval <ms>", "from look to look, in milliseconds").argParser(interval).default(1000, "1000"),
    )
    .option("--record <file>", "append the events to a file, for groups history")
    .addHelpText(
      "after",
      "\nKafka does not tell why a group rebalances: reasons are inferred from what differs between two looks, and\n" +
        "marked so, unless the broker is regroup, whose coordinator tells them. q or Ctrl-C ends it.\n" +
        examples(
          "regroup groups watch billing",
          "regroup groups watch billing --record billing.jsonl --interval 250",
          "regroup groups watch billing -o json | jq 'select(.type == \"rebalance\")'",
        ),
    )
    .action(watch);
}

async function watch(group: string, flags: WatchFlags): Promise<void> {
  const record = flags.record === undefined ? undefined : await openRecord(flags.record);
  const admin = await openAdmin(flags);
  const ended = new AbortController();
  const signal = AbortSignal.any([interruption(), ended.signal]);
  const show = showerFor(group, flags, () => ended.abort());
  const seen: WatchEvent[] = [];
  const take = async (events: readonly WatchEvent[]) => {
    seen.push(...events);
    if (events.length > 0) await record?.appendFile(events.map(eventLine).join(""));
  };
  try {
    for await (const step of watchSteps(admin, { group, intervalMs: flags.interval, signal })) {
      await take(step.events);
      await show.step(step);
    }
    const end: WatchEvent = { type: "watchEnded", at: new Date().toISOString(), group };
    await take([end]);
    await show.end(end);
  } finally {
    show.close();
    await record?.close();
    await admin.close();
  }
  for (const line of summaryLines(summaryOf(seen))) say(line);
}

/** Where the steps are shown. */
interface Shower {
  step(step: WatchStep): Promise<void>;
  end(event: WatchEvent): Promise<void>;
  /** Also after an error. */
  close(): void;
}

function showerFor(group: string, flags: WatchFlags, quit: () => void): Shower {
  if (flags.output === "json") return lines(eventLine);
  if (process.stdout.isTTY && process.env.TERM !== "dumb") return screen(group, flags, quit);
  say("stdout is no terminal: each event is told in lines of text (-o json: as JSON)");
  return lines((event) => {
    const [first, ...more] = eventLines(event);
    return [`${dayAndTime(new Date(event.at))}  ${first}`, ...more, ""].join("\n");
  });
}

function lines(text: (event: WatchEvent) => string): Shower {
  const print = (events: readonly WatchEvent[]) =>
    events.length === 0 ? undefined : writeOut(events.map(text).join(""));
  return {
    step: async ({ events }) => print(events),
    end: async (event) => print([event]),
    close: () => undefined,
  };
}

function screen(group: string, { interval: intervalMs, record: recording }: WatchFlags, quit: () => void): Shower {
  const sayHeld = holdMessages();
  const terminal = new Terminal(process.stdout, process.stdin, quit);
  const isColoured = usesColours(process.stdout);
  const styled = (style: "bold" | "dim") => (text: string) =>
    isColoured ? styleText(style, text, { validateStream: false }) : text;
  const styles = { bold: styled("bold"), dim: styled("dim") };
  const nothing = { look: undefined, before: undefined, blind: undefined };
  let state: ViewState = { group, intervalMs, recording, events: [], ...nothing };
  const draw = () => view(state, { columns: terminal.columns, rows: terminal.rows, ...styles });
  terminal.show(draw);
  return {
    async step({ events, look, before, blind }) {
      const all = [...state.events, ...events].slice(-eventsKept);
      state = { ...state, events: all, blind, ...(look === undefined ? {} : { look, before }) };
      terminal.paint();
    },
    async end() {},
    close() {
      terminal.close();
      sayHeld();
    },
  };
}

/** Appends: a watch that is started again goes on with the same file. */
function openRecord(path: string): Promise<FileHandle> {
  return open(path, "a").catch((error: Error) => {
    throw new FailedError(`--record ${path}: ${error.message}`);
  });
}

function interval(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (ms >= leastIntervalMs && ms <= largest.int32) return ms;
  throw new InvalidArgumentError(`Expected milliseconds, from ${leastIntervalMs} to ${largest.int32}.`);
}
