import type { Value } from "../../conformance/wire/codec.ts";
import { Connection } from "../../conformance/wire/connection.ts";
import type { Act } from "./acts.ts";

/** What a client knows of its group. */
export interface Life {
  /** The step whose answer told it: of two parked joins the later one counts. */
  asOf: number;
  memberId: string;
  generation: number;
  isLeader: boolean;
  protocolName: string;
  /** Of the leader: who is in. */
  members: readonly string[];
}

/** A client that knows nothing of its group, any more or yet. */
export const nobody = { memberId: "", generation: -1, isLeader: false, members: [] };

const memberIds = /[\w.]+-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** One of the two brokers, the clients that talk to it, and what they were answered. */
export class Side {
  readonly #address: string;
  readonly #lives = new Map<string, Life>();
  readonly #answers: { readonly to: string; readonly answer: Value }[] = [];
  /** Member ids are random: each is called by the client and the step that it was first an answer to. */
  readonly #names = new Map<string, string>();

  constructor(address: string) {
    this.#address = address;
  }

  /** Each request has a connection of its own: one that is parked holds back all behind it (rule 58). */
  async perform(step: number, act: Act): Promise<void> {
    const life = this.#life(act.client);
    const request = act.request(life, (memberId) => this.#rename(memberId));
    if (request === undefined) return;
    const connection = await Connection.open(this.#address, act.client);
    const { api, version, body } = request;
    const answered = (answer: Value) => {
      if (api === "JoinGroup" && step >= life.asOf) remember(life, step, answer);
      if (answer.memberId && !this.#names.has(answer.memberId))
        this.#names.set(answer.memberId, `${act.client}#${step}`);
      this.#answers.push({ to: `${step} ${act.client} ${api} v${version}`, answer: ofGroup(answer, act.group) });
      connection.close();
    };
    connection.ask(api, body, version).then(answered, () => connection.close()); // parked until nobody waits any more
  }

  answersText({ leaders = true } = {}): string {
    return this.#printed(leaders).join("\n");
  }

  answersWithout(other: Side): string[] {
    const others = new Set(other.#printed(true));
    return this.#printed(true).filter((answer) => !others.has(answer));
  }

  #printed(leaders: boolean): string[] {
    return this.#answers
      .map(({ to, answer }) => `${to} ${this.#print(leaders ? answer : withoutLeader(answer))}`)
      .sort();
  }

  /** Lists have no order that is worth comparing. */
  #print(value: Value): string {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
    if (typeof value === "string") return `"${this.#rename(value)}"`;
    if (Array.isArray(value)) return `[${value.map((one) => this.#print(one)).sort()}]`;
    if (value === null || typeof value !== "object") return String(value);
    return `{${Object.entries(value).map(([name, one]) => `${name}: ${this.#print(one)}`)}}`;
  }

  #rename(text: string): string {
    return text.replace(memberIds, (memberId) => this.#names.get(memberId) ?? "somebody");
  }

  #life(client: string): Life {
    const fresh: Life = { ...nobody, asOf: -1, protocolName: "range" };
    const life = this.#lives.get(client) ?? fresh;
    this.#lives.set(client, life);
    return life;
  }
}

const memberIdRequired = 79;

function remember(life: Life, step: number, answer: Value): void {
  if (answer.errorCode === 0 || answer.errorCode === memberIdRequired) life.memberId = answer.memberId;
  if (answer.errorCode !== 0) return;
  life.asOf = step;
  life.generation = answer.generationId;
  life.isLeader = answer.leader === answer.memberId;
  life.protocolName = answer.protocolName;
  life.members = answer.members.map(({ memberId }: Value) => memberId);
}

function withoutLeader(answer: Value): Value {
  return "leader" in answer ? { ...answer, leader: "", members: [], skipAssignment: false } : answer;
}

/** Other groups of the broker are none of our business. */
function ofGroup(answer: Value, group: string): Value {
  if (!Array.isArray(answer.groups)) return answer;
  return { ...answer, groups: answer.groups.filter(({ groupId }: Value) => groupId === group || groupId === "nobody") };
}
