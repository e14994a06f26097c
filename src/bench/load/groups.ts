/**
 * How long a group of many members takes to form, and to find its next generation when one joins, leaves or dies.
 * Members join as the classic protocol has them, in two steps (KIP-394). What is measured is the broker, not the
 * heartbeat interval: as soon as the event is there, all others ask.
 */
import { setTimeout as pause } from "node:timers/promises";
import { coordinate } from "./coordinator.ts";
import { nowMs } from "./latencies.ts";
import { MemberFrames } from "./member-frames.ts";
import { Member } from "./members.ts";
import { openWires, type Wire } from "./wire.ts";

export interface GroupOptions {
  readonly server: string;
  readonly groupId: string;
  readonly members: number;
  /** Also kills one, which takes a session timeout of 6 s. */
  readonly crash?: boolean;
}

export const groupDefaults = { members: 1000 } as const satisfies Partial<GroupOptions>;

/** Milliseconds until all members have their assignment of one generation. */
export interface GroupTimes {
  readonly formedMs: number;
  readonly joinedMs: number;
  readonly leftMs: number;
  readonly crashedMs?: number;
}

/** So often one that is at rest asks whether the group goes on as it is. */
const askEveryMs = 5;
const longSessionMs = 45_000;
const shortSessionMs = 6_000;
/** A group that comes and goes before the clock starts, until the code here is compiled. */
const warmUp = { members: 100, changes: 8 } as const;

class Crowd {
  readonly members = new Set<Member>();
  #generationId = -1;
  /** Members that have their assignment of the newest generation. */
  readonly #stable = new Set<Member>();
  #onSettled: () => void = () => undefined;

  readonly stable = (member: Member): void => {
    if (member.generationId < this.#generationId) return; // it will hear of the next by its heartbeat
    if (member.generationId > this.#generationId) this.#stable.clear();
    this.#generationId = member.generationId;
    this.#stable.add(member);
    if (this.#stable.size === this.members.size) this.#onSettled();
  };

  /** Resolves when all have the same generation. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled = resolve;
    });
  }

  /** All others hear at once of what one has heard of. */
  ask(): void {
    for (const member of this.members) if (member.isAtRest) return member.heartbeat(() => this.heartbeat());
  }

  heartbeat(): void {
    for (const member of this.members) if (member.isAtRest) member.heartbeat();
  }

  enter(wire: Wire, frames: MemberFrames): Member {
    const member = new Member(wire, frames, this.stable);
    this.members.add(member);
    member.join();
    return member;
  }

  /** @param onLeft called when the broker knows. */
  leave(member: Member, onLeft: () => void): void {
    this.members.delete(member);
    member.leave(onLeft);
  }
}

export async function groups(options: GroupOptions): Promise<GroupTimes> {
  const { server, groupId, members: count } = options;
  if (options.crash && count < 2) throw new Error("--crash: expected a group of at least 2 members");
  await coordinate(server, groupId);
  const wires = await openWires(server, count + 1);
  await rehearse(wires.slice(0, warmUp.members + 1), `${groupId}-warm-up`);
  const crowd = new Crowd();
  const frames = new MemberFrames(groupId, longSessionMs);
  const framesOfVictim = options.crash ? new MemberFrames(groupId, shortSessionMs) : frames;

  const formedMs = await timed(crowd, () => {
    for (let at = 0; at < count; at++) crowd.enter(wires[at]!, at === 1 ? framesOfVictim : frames);
  });
  const { joinedMs, leftMs } = await comeAndGo(crowd, wires[count]!, frames);
  const crashedMs = options.crash ? await crash(crowd) : undefined;
  for (const wire of wires) wire.close();
  return { formedMs, joinedMs, leftMs, ...(crashedMs === undefined ? {} : { crashedMs }) };
}

/** One more joins, and leaves again. */
async function comeAndGo(crowd: Crowd, wire: Wire, frames: MemberFrames): Promise<Omit<GroupTimes, "formedMs">> {
  let last: Member | undefined;
  const joinedMs = await timed(crowd, () => {
    last = crowd.enter(wire, frames);
  });
  const leftMs = await timed(crowd, () => crowd.leave(last!, () => crowd.heartbeat()));
  return { joinedMs, leftMs };
}

/** One group that changes again and again, and then all leave. */
async function rehearse(wires: readonly Wire[], groupId: string): Promise<void> {
  const crowd = new Crowd();
  const frames = new MemberFrames(groupId, longSessionMs);
  const [spare, ...others] = wires;
  await timed(crowd, () => {
    for (const wire of others) crowd.enter(wire, frames);
  });
  for (let change = 0; change < warmUp.changes; change++) await comeAndGo(crowd, spare!, frames);
  await Promise.all([...crowd.members].map((member) => new Promise<void>((left) => crowd.leave(member, left))));
}

async function timed(crowd: Crowd, begin: () => void): Promise<number> {
  const settled = crowd.settled();
  const beginMs = nowMs();
  begin();
  let endMs = 0;
  const over = settled.then(() => {
    endMs = nowMs();
  });
  while (endMs === 0) {
    await Promise.race([over, pause(askEveryMs)]);
    if (endMs === 0) crowd.ask();
  }
  return endMs - beginMs;
}

/** One is not heard of any more. @returns since the end of its session. */
async function crash(crowd: Crowd): Promise<number> {
  const victim = [...crowd.members][1]!;
  victim.heartbeat();
  crowd.members.delete(victim);
  const beginMs = nowMs();
  const settled = crowd.settled();
  let isOver = false;
  const over = settled.then(() => {
    isOver = true;
  });
  await pause(shortSessionMs - 50);
  while (!isOver) {
    crowd.ask();
    await Promise.race([over, pause(askEveryMs)]);
  }
  return nowMs() - beginMs - shortSessionMs;
}
