/** Puts a group into each state, lets an event happen to it, and tells what was answered and which state came of it. */
import type { ClassicState } from "../../../src/group/classic/transitions.ts";
import { stateOf } from "../../../src/group/shard.ts";
import { runTranscript } from "./transcript.ts";

export interface Event {
  readonly name: string;
  /** A line of a script, or how long nothing is heard of anyone. */
  readonly line: string;
  /** Timeouts of a and b. */
  readonly terms?: { readonly a: string; readonly b: string };
}

const slow = "session 30s, rebalance 60s";
const start = "— group.initial.rebalance.delay.ms 0";

/** In all states but Dead a is, or was, the static leader, b a dynamic follower, and p has a member id to join with. */
function setup(state: ClassicState, { a = slow, b = slow } = {}): string[] {
  const joined = [
    start,
    `a → Join(instance a, ${a})`,
    `b → Join(v3, ${b})`,
    `a → Join(instance a, as a-1, ${a})`,
    `p → Join(${b})`,
  ];
  const synced = [...joined, "a → Sync(a-1: orders 0, b-1: orders 1)", "b → Sync(v3)", "a → Commit(payments-0 = 5)"];
  switch (state) {
    case "Dead":
      return [start];
    case "Empty":
      return [...synced, "a → Leave(static a, b-1)"];
    case "PreparingRebalance":
      return [...synced, `c → Join(v3, ${a})`];
    case "CompletingRebalance":
      return joined;
    case "Stable":
      return synced;
  }
}

/** As "answer ⇒ state"; "parked" when there is no answer yet, "-" when nobody asked and nothing changed. */
export function outcome(state: ClassicState, { line, terms }: Event): string {
  const last = /^\d\d:\d\d:/.test(line) ? line : `10:00:01.000  ${line}`;
  const source = ["10:00:00.000  —", ...setup(state, terms).map((one) => `              ${one}`), last].join("\n");
  const { text, world } = runTranscript(source);
  const to = stateOf(world.coordinator.shard, "g");
  return [answerIn(text.split("\n")), to === state ? "" : `⇒ ${to}`].filter(Boolean).join(" ") || "-";
}

/** What the last to ask was answered. */
function answerIn(lines: readonly string[]): string {
  const at = lines.findLastIndex((line) => /^\d.* (→|—)/.test(line));
  const asked = lines[at]!;
  const who = /(\w+) →/.exec(asked)?.[1];
  const answer = lines.slice(at).findLast((line) => line.includes(`${who} ← `));
  if (answer !== undefined) return brief(answer.replace(/^.* ← /, ""));
  return asked.includes("⋯ parked") ? "parked" : "";
}

function brief(answer: string): string {
  const [, name, words] = /^(\w+)\((.*)\)$/.exec(answer)!;
  const parts = words!.split(", ");
  if (name === "Join") return parts.flatMap((part) => joinWords(part)).join(", ");
  if (name === "Describe" || name === "List") return parts[0] || "none";
  return parts.map((part) => part.replace(/^\S+ (?=[A-Z])/, "").replace(/^static a /, "")).join(", ");
}

function joinWords(part: string): string[] {
  if (part.startsWith("members")) return ["members"];
  return /^(gen|skip|[A-Z_]+$)/.test(part) ? [part] : [];
}
