/** A group that reads a topic into which records flow all the time, and how long its partitions stand still. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Kafka } from "../../client/kafka.ts";
import { type MemberOptions, nowMs, startMember, type Told } from "./member.ts";

export const numPartitions = 32;
const produceEveryMs = 10;
/** Records bear the time at which the broker wrote them. */
const configs = { "message.timestamp.type": "LogAppendTime" };

/** What an event did to the partitions, in milliseconds. */
export interface Pauses {
  /** Of each that changed hands, the longest time between two records. */
  readonly moved: readonly number[];
  /** Of each that did not, the longest time from when a record was written to when it was read. */
  readonly stayed: readonly number[];
  /** Partitions that did not change hands and were given up for a while all the same. */
  readonly interrupted: number;
  /** Until the last of those that moved was read by its new owner. */
  readonly takenOverMs: number;
}

interface Read {
  readonly guest: Guest;
  readonly atMs: number;
  readonly writtenMs: number;
}

interface Guest {
  owns: ReadonlySet<number>;
  /** When the coordinator heard of it last; only of those in a process of their own. */
  aliveMs: number;
  leave(): Promise<void>;
}

export class Party implements AsyncDisposable {
  readonly #where: Pick<MemberOptions, "bootstrapServers" | "groupId" | "topic">;
  readonly #guests: Guest[] = [];
  /** When its records were read, by partition. */
  readonly #reads: Read[][] = Array.from({ length: numPartitions }, () => []);
  readonly #producer;
  /** Partitions that somebody gave up since the event began. */
  readonly #givenUp = new Set<number>();
  #isFlowing = true;
  #flow: Promise<void> | undefined;

  private constructor(bootstrapServers: string, name: string) {
    this.#where = { bootstrapServers, groupId: name, topic: name };
    this.#producer = new Kafka({ bootstrapServers }).producer();
  }

  /** @param name of the topic, which is made, and of the group. */
  static async open(bootstrapServers: string, name: string, members: number): Promise<Party> {
    await using admin = new Kafka({ bootstrapServers }).admin();
    await admin.createTopics([{ topic: name, numPartitions, replicationFactor: 1, configs }]);
    const party = new Party(bootstrapServers, name);
    party.#flow = party.#produce();
    for (let at = 0; at < members; at++) party.#enter();
    await party.#settled();
    return party;
  }

  /** Nothing happens: what the others are to be compared with. */
  quiet(): Promise<Pauses> {
    return this.#watch(async () => {
      const sinceMs = nowMs();
      await pause(500);
      return sinceMs;
    });
  }

  /** One more. */
  join(): Promise<Pauses> {
    return this.#watch(async () => {
      this.#enter();
      return nowMs();
    });
  }

  /** The last one leaves as it should. */
  leave(): Promise<Pauses> {
    return this.#watch(async () => {
      const sinceMs = nowMs();
      await this.#guests.pop()!.leave();
      return sinceMs;
    });
  }

  /** One more has come and is killed: told is what happens since its session's end, when that can be known. */
  async crash(sessionTimeoutMs: number): Promise<Pauses> {
    const { guest, process } = await this.#enterAsProcess(sessionTimeoutMs);
    await this.#settled();
    return this.#watch(async () => {
      this.#guests.pop();
      process.kill("SIGKILL");
      await once(process, "exit");
      return guest.aliveMs + sessionTimeoutMs;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isFlowing = false;
    await this.#flow;
    await Promise.all(this.#guests.map((guest) => guest.leave()));
    await this.#producer.close();
  }

  async #produce(): Promise<void> {
    const { topic } = this.#where;
    const records = Array.from({ length: numPartitions }, (_, partition) => ({ topic, partition, value: "v" }));
    while (this.#isFlowing) await Promise.all([this.#producer.sendBatch(records), pause(produceEveryMs)]);
  }

  #enter(): void {
    const guest: Guest = { owns: new Set(), aliveMs: 0, leave: () => consumer.close() };
    const consumer = startMember(this.#where, (told) => this.#heard(guest, told));
    this.#guests.push(guest);
  }

  async #enterAsProcess(sessionTimeoutMs: number): Promise<{ readonly guest: Guest; readonly process: ChildProcess }> {
    const options: MemberOptions = { ...this.#where, sessionTimeoutMs };
    const process = fork(new URL("member.ts", import.meta.url), [JSON.stringify(options)], { execArgv: [] });
    const guest: Guest = {
      owns: new Set(),
      aliveMs: 0,
      leave: async () => void process.kill(),
    };
    process.on("message", (told) => this.#heard(guest, told as Told));
    const ended = once(process, "exit").then(([code]) => Promise.reject(new Error(`the member ended with ${code}`)));
    ended.catch(() => undefined); // later on it is meant to end
    await Promise.race([once(process, "message"), ended]);
    this.#guests.push(guest);
    process.send("join");
    return { guest, process };
  }

  #heard(guest: Guest, told: Told): void {
    if (told.what === "read") this.#reads[told.partition]!.push({ ...told, guest });
    else if (told.what === "owns") this.#owns(guest, new Set(told.partitions));
    else guest.aliveMs = Math.max(guest.aliveMs, told.atMs);
  }

  #owns(guest: Guest, owns: ReadonlySet<number>): void {
    for (const partition of guest.owns) if (!owns.has(partition)) this.#givenUp.add(partition);
    guest.owns = owns;
  }

  #owners(): (Guest | undefined)[] {
    return Array.from({ length: numPartitions }, (_, at) => this.#guests.find(({ owns }) => owns.has(at)));
  }

  /** All have their part, and read it. */
  async #settled(): Promise<void> {
    const least = Math.floor(numPartitions / this.#guests.length);
    const isShared = () =>
      this.#guests.every(({ owns }) => owns.size >= least) &&
      this.#guests.reduce((sum, { owns }) => sum + owns.size, 0) === numPartitions;
    while (!isShared()) await pause(5);
    const sinceMs = nowMs();
    while (!this.#reads.every((reads) => reads.some(({ atMs }) => atMs > sinceMs))) await pause(5);
  }

  /** @param event gives the time since when it counts. */
  async #watch(event: () => Promise<number>): Promise<Pauses> {
    const before = this.#owners();
    this.#givenUp.clear();
    for (const reads of this.#reads) reads.splice(0, reads.length - 1);
    const sinceMs = await event();
    await this.#settled();
    const after = this.#owners();
    const isMoved = (partition: number) => before[partition] !== after[partition];
    const moved = this.#reads.filter((_, partition) => isMoved(partition));
    const stayed = this.#reads.filter((_, partition) => !isMoved(partition));
    return {
      moved: moved.map((reads) => longestGap(reads, sinceMs)),
      stayed: stayed.map((reads) => latest(reads, sinceMs)),
      interrupted: [...this.#givenUp].filter((partition) => !isMoved(partition)).length,
      takenOverMs: Math.max(0, ...moved.map((reads) => firstRead(reads) - sinceMs)),
    };
  }
}

/** Of a gap that began before `sinceMs` the rest counts. */
function longestGap(reads: readonly Read[], sinceMs: number): number {
  const times = reads.map(({ atMs }) => atMs).sort((a, b) => a - b);
  return Math.max(...times.slice(1).map((atMs, at) => atMs - Math.max(times[at]!, sinceMs)));
}

function latest(reads: readonly Read[], sinceMs: number): number {
  return Math.max(...reads.filter(({ atMs }) => atMs > sinceMs).map(({ atMs, writtenMs }) => atMs - writtenMs));
}

/** By whoever reads it now. */
function firstRead(reads: readonly Read[]): number {
  return reads.find(({ guest }) => guest === reads.at(-1)!.guest)!.atMs;
}
