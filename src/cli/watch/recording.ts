/** Events in a file: one JSON object a line, so that grep and jq read them too. */
import type { WatchEvent } from "./watch-event.ts";

export function eventLine(event: WatchEvent): string {
  return `${JSON.stringify(event)}\n`;
}

export interface Recording {
  readonly events: readonly WatchEvent[];
  /** Numbers of lines that hold no event, from 1. */
  readonly damaged: readonly number[];
}

export function readRecording(text: string): Recording {
  const events: WatchEvent[] = [];
  const damaged: number[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const event = parsed(line);
    if (event === undefined) damaged.push(index + 1);
    else events.push(event);
  }
  return { events, damaged };
}

/** What another version wrote, and this one does not know, is passed over by whoever reads the events. */
function parsed(line: string): WatchEvent | undefined {
  try {
    const event = JSON.parse(line) as Partial<WatchEvent> | null;
    const isEvent = typeof event?.type === "string" && !Number.isNaN(Date.parse(event.at ?? ""));
    return isEvent ? (event as WatchEvent) : undefined;
  } catch {
    return undefined;
  }
}
