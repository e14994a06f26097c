/** Runs a script and writes down the conversation: who → request, ← answer, log, group, timers. */
import type { ReplyToken } from "../../../src/coordinator/machine.ts";
import { ErrorCode, type ErrorName } from "../../../src/protocol/errors.ts";
import { Names, printFact, printMarker, printRecord, printReply, printTimer } from "./print.ts";
import { type Client, toRequest } from "./requests.ts";
import { type Call, durationMs, type Line, msToTime, parseScript } from "./script.ts";
import { type Happening, type Reply, type RequestType, World } from "./world.ts";

interface Asker {
  readonly client: Client;
  readonly type: RequestType;
}

export interface Transcript {
  readonly text: string;
  readonly world: World;
}

export function runTranscript(source: string): Transcript {
  const lines = parseScript(source);
  const run = new Run(configOf(lines));
  for (const line of lines) run.line(line);
  return { text: `${run.text.join("\n")}\n`, world: run.world };
}

/** "— group.initial.rebalance.delay.ms 0" and the like, wherever they stand. */
function configOf(lines: readonly Line[]) {
  const config: Record<string, number> = {};
  for (const { what } of lines) {
    const match = "directive" in what && /^([a-z]+(?:\.[a-z]+)+) (\w+)$/.exec(what.directive);
    if (!match) continue;
    const name = match[1]!.replace(/\.(\w)/g, (_, letter: string) => letter.toUpperCase());
    config[name] = /[a-z]/.test(match[2]!) ? durationMs(match[2]!) : Number(match[2]);
  }
  return config;
}

const margin = " ".repeat(14);

class Run {
  readonly text: string[] = [];
  readonly world: World;
  readonly #names = new Names();
  readonly #clients = new Map<string, Client>();
  readonly #askers = new Map<ReplyToken, Asker>();

  constructor(config: ConstructorParameters<typeof World>[0]) {
    this.world = new World(config);
  }

  line({ atMs, what }: Line): void {
    if ("text" in what) return void this.text.push(what.text);
    this.#advance(atMs ?? this.world.nowMs);
    if ("directive" in what) this.#directive(what.directive);
    else this.#ask(what.who, what.call);
    this.#advance(this.world.nowMs);
  }

  #ask(who: string, call: Call): void {
    const client = this.#client(who);
    const { type, request } = toRequest(client, call, this.#names.memberIdOf);
    const { token, happened } = this.world.submit(type, request);
    this.#askers.set(token, { client, type });
    const parked = this.world.parked.has(token) ? "   ⋯ parked" : "";
    this.#write(`${who} → ${call.source}${parked}`, msToTime(this.world.nowMs));
    this.#happened(happened);
  }

  #advance(ms: number): void {
    this.#happened(this.world.advanceTo(ms));
  }

  #directive(directive: string): void {
    this.#write(`— ${directive}`.trimEnd(), msToTime(this.world.nowMs));
    const [verb, ...rest] = directive.split(" ");
    if (verb === "restart") this.#happened(this.world.restart());
    if (verb === "refuse") this.world.refusal = rest[0] === "nothing" ? undefined : ErrorCode[rest[0] as ErrorName];
  }

  #client(name: string): Client {
    let client = this.#clients.get(name);
    if (client === undefined) {
      client = { name, memberId: "", groupInstanceId: null, generation: -1 };
      this.#clients.set(name, client);
    }
    return client;
  }

  #happened(happenings: readonly Happening[]): void {
    for (const one of happenings) {
      switch (one.kind) {
        case "timer":
          this.#write(`timer ${printTimer(one.timer, this.#names)}`, msToTime(one.atMs));
          break;
        case "state":
          this.#write(`group ${one.groupId === "g" ? "" : `${one.groupId} `}${one.state}`);
          break;
        case "record":
          this.#write(`log ${printRecord(one.record, one.producerId, this.#names)}`);
          break;
        case "marker":
          this.#write(`log ${printMarker(one.marker)}`);
          break;
        case "fact":
          this.#write(`fact ${printFact(one.fact, this.#names)}`);
          break;
        case "drop":
          this.#write(`${this.#asker(one.token).client.name} ✗ never answered`);
          break;
        case "reply":
          this.#reply(this.#asker(one.token), one.reply);
      }
    }
  }

  #reply({ client, type }: Asker, reply: Reply): void {
    this.#write(`${client.name} ← ${printReply(type, reply, this.#names)}`);
    if (type !== "JoinGroup") return;
    const join = reply as { errorCode: number; memberId: string; generationId?: number };
    if (join.errorCode === 0 || join.errorCode === ErrorCode.MEMBER_ID_REQUIRED) client.memberId = join.memberId;
    if (join.errorCode === 0) client.generation = join.generationId ?? -1;
  }

  #asker(token: ReplyToken): Asker {
    const asker = this.#askers.get(token);
    if (asker === undefined) throw new Error(`nobody asked ${token}`);
    return asker;
  }

  #write(line: string, time?: string): void {
    this.text.push(time === undefined ? `${margin}${line}` : `${time.padEnd(14)}${line}`);
  }
}
