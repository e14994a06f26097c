/**
 * One consumer of a group, written with somebody else's library and run as a process of its own. It tells what happens
 * to it in JSON lines on its standard output (clients/README.md); SIGTERM asks it to leave the group and end.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { until } from "./until.ts";

export type MemberEvent =
  | { readonly event: "assigned"; readonly partitions: number[]; readonly generation?: number }
  | { readonly event: "revoked"; readonly partitions: number[] }
  | { readonly event: "record"; readonly partition: number; readonly offset: number; readonly value: string }
  | { readonly event: "committed"; readonly partition: number; readonly offset: number }
  /** It has ended one of its transactions (the `copy-…` programs). */
  | { readonly event: "transaction"; readonly result: "COMMIT" | "ABORT" }
  /** It was the one that assigned partitions to all members, or was not; regroup's client tells. */
  | { readonly event: "led" | "followed"; readonly generation: number }
  | { readonly event: "closed" };

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  /** What a line of its standard output or error tells. */
  readonly events: (line: string) => MemberEvent[];
}

export class Member {
  readonly name: string;
  readonly events: MemberEvent[] = [];
  readonly owned = new Set<number>();
  /** Every record it was given, as "partition/offset". */
  readonly seen = new Map<string, string>();
  private readonly output: string[] = [];
  private readonly child: ChildProcessWithoutNullStreams;
  private ended = false;

  constructor(name: string, program: Program) {
    this.name = name;
    this.child = spawn(program.command, program.args, { env: { ...process.env, ...program.env } });
    this.child.on("error", (error) => this.output.push(String(error)));
    this.child.on("close", () => {
      this.ended = true;
      this.owned.clear();
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.output.push(line);
        for (const event of program.events(line)) this.take(event);
      });
    }
  }

  private take(event: MemberEvent): void {
    this.events.push(event);
    if (event.event === "assigned") for (const partition of event.partitions) this.owned.add(partition);
    if (event.event === "revoked") for (const partition of event.partitions) this.owned.delete(partition);
    if (event.event === "record") this.seen.set(`${event.partition}/${event.offset}`, event.value);
  }

  /** Awaits a state of this member. */
  until(what: string, look: (member: this) => boolean): Promise<true> {
    return until(`${this.name}: ${what}`, () => (this.ended ? this.mustLive(what) : look(this)), {
      describe: () => this.tail(),
    });
  }

  private mustLive(what: string): never {
    throw new Error(`${this.name} ended before "${what}"\n${this.tail()}`);
  }

  get alive(): boolean {
    return !this.ended;
  }

  /** How often it was given partitions: one more with every rebalance that it took part in. */
  get assignments(): number {
    return this.events.filter(({ event }) => event === "assigned").length;
  }

  /** Leaves the group and ends. */
  async close(): Promise<void> {
    this.child.kill("SIGTERM");
    await until(`${this.name}: end`, () => this.ended, { describe: () => this.tail() });
  }

  /** Ends at once; the group learns of it when the session times out. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await until(`${this.name}: end`, () => this.ended);
  }

  /** Stops to run, as a process does whose machine sleeps or that collects garbage for too long. */
  pause(): void {
    this.child.kill("SIGSTOP");
  }

  resume(): void {
    this.child.kill("SIGCONT");
  }

  tail(): string {
    const last = this.output.slice(-12).join("\n");
    return `--- ${this.name} owns [${[...this.owned]}], saw ${this.seen.size} records; its last lines:\n${last}`;
  }
}

/** For programs that print our events themselves. */
export function ownEvents(line: string): MemberEvent[] {
  return line.startsWith('{"event"') ? [JSON.parse(line)] : [];
}
