/**
 * The script language of a member's transcripts. In a file stand what the member is told and what it does:
 *
 *     10:00:00.000  — subscribe orders
 *     10:00:00.001  ← Join(gen 1, range, id m-1, leader m-2)
 *     10:00:00.005  ✗ Sync
 *     10:00:10.000  —
 *
 * A dash is the application, the configuration, or time that passes; ← an answer to the last request of its name, ✗
 * that there will be none. All other lines are written. Heartbeats are answered NONE at once, and written only if the
 * script says "— heartbeats shown"; one that is answered otherwise is waited for. "— heartbeats by hand": none is
 * answered but by the script.
 */
import { type StandardAssignorName, standardAssignors } from "../../../../src/assignment/standard-assignors.ts";
import { memberConfigDefaults } from "../../../../src/client/member/member-config.ts";
import type { MemberEvent } from "../../../../src/client/member/member-event.ts";
import { MemberMachine } from "../../../../src/client/member/member-machine.ts";
import type { MemberRequest, MemberRequestType } from "../../../../src/client/member/member-request.ts";
import { durationMs, msToTime, timeToMs } from "../../../group/support/script.ts";
import { printAction } from "./print-action.ts";
import { readAnswer, readTopics } from "./read-answer.ts";

export function runTranscript(source: string): string {
  const lines = source.trimEnd().split("\n").flatMap(parseLine);
  const run = new Run(machineOf(lines));
  for (const line of lines) run.line(line);
  return `${run.text.join("\n")}\n`;
}

interface Line {
  readonly atMs: number | undefined;
  readonly sign: "—" | "←" | "✗" | "#";
  readonly text: string;
}

function parseLine(line: string): Line[] {
  if (line === "" || line.startsWith("#")) return [{ atMs: undefined, sign: "#", text: line }];
  const match = /^(\d\d:\d\d:\d\d\.\d{3})?\s+([—←✗])(.*)$/.exec(line);
  if (match === null) return [];
  const atMs = match[1] === undefined ? undefined : timeToMs(match[1]);
  return [{ atMs, sign: match[2] as "—", text: match[3]!.trim() }];
}

/** "— group.instance.id a" and the like, wherever they stand. */
function machineOf(lines: readonly Line[]): MemberMachine {
  const config = new Map<string, string>();
  for (const { sign, text } of lines) {
    const match = sign === "—" ? /^([a-z]+(?:\.[a-z]+)+) (\S+)$/.exec(text) : null;
    if (match) config.set(match[1]!, match[2]!);
  }
  const ms = (key: string, otherwise: number) => (config.has(key) ? durationMs(config.get(key)!) : otherwise);
  const names = config.get("partition.assignment.strategy") ?? "cooperative-sticky";
  const options = {
    ...memberConfigDefaults,
    groupId: "g",
    groupInstanceId: config.get("group.instance.id") ?? null,
    rackId: config.get("client.rack") ?? null,
    sessionTimeoutMs: ms("session.timeout.ms", memberConfigDefaults.sessionTimeoutMs),
    maxPollIntervalMs: ms("max.poll.interval.ms", memberConfigDefaults.maxPollIntervalMs),
    assignors: names.split(",").map((name) => standardAssignors[name as StandardAssignorName]()),
  };
  return new MemberMachine(options, () => 0.5);
}

const margin = " ".repeat(14);

class Run {
  readonly text: string[] = [];
  readonly #machine: MemberMachine;
  readonly #last = new Map<MemberRequestType, MemberRequest>();
  #nowMs = 0;
  #state = "Unjoined";
  #heartbeats: "answered" | "shown" | "by hand" = "answered";
  #writtenMs = -1;

  constructor(machine: MemberMachine) {
    this.#machine = machine;
  }

  line({ atMs = this.#nowMs, sign, text }: Line): void {
    if (sign === "#") return void this.text.push(text);
    const isHeartbeat = text.startsWith("Heartbeat");
    if (isHeartbeat && this.#heartbeats !== "by hand") this.#awaitHeartbeat(atMs);
    else this.#advance(atMs);
    this.#write(`${sign} ${text}`.trimEnd());
    if (sign === "—") this.#directive(text);
    else if (sign === "←") this.#step(readAnswer(text, (api) => this.#lastId(api)));
    else this.#step({ type: "failed", id: this.#lastId(apiOf(text)) });
  }

  #directive(text: string): void {
    const [verb = "", ...words] = text.split(" ");
    if (verb === "heartbeats") this.#heartbeats = words.join(" ") as "shown";
    const event = applicationEvent(verb, words, this.#machine);
    if (event !== undefined) this.#step(event);
  }

  #advance(ms: number): void {
    while (this.#machine.wakeAtMs <= ms) {
      this.#nowMs = this.#machine.wakeAtMs;
      this.#step({ type: "wake" });
    }
    this.#nowMs = Math.max(ms, this.#nowMs);
  }

  /** The one that is answered here, at `atMs` or later, is not to be answered on the way. */
  #awaitHeartbeat(atMs: number): void {
    this.#advance(atMs - 1);
    const mode = this.#heartbeats;
    this.#heartbeats = "by hand";
    while (!this.#last.has("Heartbeat")) this.#advance(this.#machine.wakeAtMs);
    this.#heartbeats = mode;
  }

  #step(event: MemberEvent): void {
    const actions = this.#machine.step(event, this.#nowMs);
    const sent: MemberRequest[] = [];
    for (const action of actions) {
      if (action.type === "send") sent.push(action.request);
      const isHeartbeat = action.type === "send" && action.request.api === "Heartbeat";
      if (isHeartbeat && this.#heartbeats === "answered") continue;
      this.#write(printAction(action));
    }
    if (this.#machine.state !== this.#state) this.#write(`member ${this.#machine.state}`);
    this.#state = this.#machine.state;
    for (const request of sent) this.#sent(request);
  }

  #sent(request: MemberRequest): void {
    if (request.api !== "Heartbeat" || this.#heartbeats === "by hand") {
      this.#last.set(request.api, request);
      return;
    }
    this.#step({ type: "answer", api: "Heartbeat", id: request.id, response: { errorCode: 0 } });
  }

  #lastId(api: MemberRequestType): number {
    const request = this.#last.get(api);
    if (request === undefined) throw new Error(`nobody waits for an answer to ${api} at ${msToTime(this.#nowMs)}`);
    this.#last.delete(api);
    return request.id;
  }

  #write(line: string): void {
    const isNow = this.#nowMs === this.#writtenMs && !/^[—←✗]/.test(line);
    this.text.push(`${isNow ? margin : msToTime(this.#nowMs).padEnd(14)}${line}`);
    this.#writtenMs = this.#nowMs;
  }
}

function apiOf(name: string): MemberRequestType {
  const apis = { Coordinator: "FindCoordinator", Join: "JoinGroup", Sync: "SyncGroup", Leave: "LeaveGroup" } as const;
  return apis[name as keyof typeof apis] ?? (name as MemberRequestType);
}

function applicationEvent(verb: string, words: readonly string[], machine: MemberMachine): MemberEvent | undefined {
  switch (verb) {
    case "subscribe":
      return { type: "subscribe", topics: words };
    case "metadata":
      return { type: "metadata", topics: readTopics(words.join(" ")) };
    case "close": {
      const leave = words[0] === "remain" || words[0] === "leave" ? words[0] : "default";
      return { type: "close", leave, timeoutMs: 30_000 };
    }
    case "unsubscribe":
    case "poll":
    case "busy":
      return { type: verb };
    case "done":
      return { type: "callbackDone" };
    case "rebalance":
      return { type: "enforceRebalance", reason: words.join(" ") };
    case "commit": {
      const { generationId, memberId } = machine;
      const { errorCode } = readAnswer(`Leave(${words[0]})`, () => 0).response as { errorCode: number };
      return { type: "commitFailed", errorCode, generationId, memberId };
    }
    default:
      return undefined;
  }
}
