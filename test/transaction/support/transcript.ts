/** Runs a script and writes down the conversation: who → request, ← answer, log, fact, timers. */
import { ErrorCode, type ErrorName } from "../../../src/protocol/errors.ts";
import { unused } from "../../../src/transaction/record.ts";
import type { TransactionState } from "../../../src/transaction/transitions.ts";
import { type Call, durationMs, type Line, msToTime, parseScript } from "../../group/support/script.ts";
import { printFact, printRecord, printReply } from "./print.ts";
import { type Producer, toRequest } from "./requests.ts";
import { epochMs, type Happening, type Reply, type RequestType, World } from "./world.ts";

export interface Transcript {
  readonly text: string;
  readonly world: World;
}

export function runTranscript(source: string): Transcript {
  const run = new Run();
  for (const line of parseScript(source)) run.line(line);
  return { text: `${run.text.join("\n")}\n`, world: run.world };
}

const margin = " ".repeat(14);

class Run {
  readonly text: string[] = [];
  readonly world = new World();
  readonly #producers = new Map<string, Producer>();

  line({ atMs, what }: Line): void {
    if ("text" in what) return void this.text.push(what.text);
    this.#happened(this.world.advanceTo(atMs ?? this.world.nowMs));
    if ("directive" in what) this.#directive(what.directive);
    else this.#ask(what.who, what.call);
  }

  #ask(who: string, call: Call): void {
    const producer = this.#producer(who);
    const { type, request } = toRequest(producer, call);
    this.#write(`${who} → ${call.source}`, msToTime(this.world.nowMs));
    this.#happened(this.world.submit(type, request), (reply) => {
      this.#write(`${who} ← ${printReply(type, reply)}`);
      learn(producer, type, reply);
    });
  }

  /** "restart", "refuse ERROR (after 1)", "no producer ids", "tx was STATE of 1/32766"; anything else is a remark. */
  #directive(directive: string): void {
    this.#write(`— ${directive}`.trimEnd(), msToTime(this.world.nowMs));
    const [verb, ...rest] = directive.split(" ");
    if (verb === "restart") this.#happened(this.world.restart());
    if (verb === "refuse") this.world.refusal = rest[0] === "nothing" ? undefined : ErrorCode[rest[0] as ErrorName];
    if (verb === "refuse") this.world.takesBefore = Number(rest[2] ?? 0);
    if (directive.endsWith("producer ids")) this.world.hasProducerIds = verb !== "no";
    const planted = /^(\S+) was (\w+) of (\d+)\/(\d+)$/.exec(directive);
    if (planted === null) return;
    const [, transactionalId, state, producerId, producerEpoch] = planted;
    const value = unused(Number(producerId), durationMs("60s"), epochMs + this.world.nowMs);
    const told = { state: state as TransactionState, producerEpoch: Number(producerEpoch) };
    this.world.plant({ transactionalId: transactionalId!, value: { ...value, ...told } });
    this.#happened(this.world.restart());
  }

  #producer(name: string): Producer {
    let producer = this.#producers.get(name);
    if (producer === undefined) {
      producer = { transactionalId: "tx", producerId: -1, producerEpoch: -1 };
      this.#producers.set(name, producer);
    }
    return producer;
  }

  #happened(happenings: readonly Happening[], onReply: (reply: Reply) => void = () => {}): void {
    for (const one of happenings) {
      if (one.kind === "timer") this.#write(`timer ${one.timer.kind}`, msToTime(one.atMs));
      if (one.kind === "record") this.#write(`log ${printRecord(one.record)}`);
      if (one.kind === "fact") this.#write(`fact ${printFact(one.fact)}`);
    }
    for (const one of happenings) if (one.kind === "reply") onReply(one.reply);
  }

  #write(line: string, time?: string): void {
    this.text.push(time === undefined ? `${margin}${line}` : `${time.padEnd(14)}${line}`);
  }
}

/** A producer goes on under the id and epoch that it was told last. */
function learn(producer: Producer, type: RequestType, reply: Reply): void {
  if (type !== "InitProducerId" && type !== "EndTransaction") return;
  const { errorCode, producerId, producerEpoch } = reply as { errorCode: number } & Producer;
  if (errorCode === 0) Object.assign(producer, { producerId, producerEpoch });
}
