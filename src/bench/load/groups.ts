/**
 * How long a group of many members takes to form, and to find its next generation when one joins, leaves or dies.
 * Members join as the classic protocol has them, in two steps (KIP-394). What is measured is the broker, not the
 * heartbeat interval: as soon as the event is there, all others ask.
 */
import { setTimeout as pause } from "node:timers/promises";
import { coordinate } from "./coordinator.ts";
import { nowMs } from "./latencies.ts";
import { Member } from "./members.ts";
import { openWires } from "./wire.ts";

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

/** Whoever is stable asks so often while a group forms. */
const askEveryMs = 20;
const longSessionMs = 45_000;
const shortSessionMs = 6_000;

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

  heartbeat(): void {
    for (const member of this.members) member.heartbeat();
  }
}

export async function groups(options: GroupOptions): Promise<GroupTimes> {
  const { server, groupId, members: count } = options;
  await coordinate(server, groupId);
  const wires = await openWires(server, count + 1);
  const crowd = new Crowd();
  const sessionMs = options.crash ? shortSessionMs : longSessionMs;
  const enter = (at: number) => {
    const member = new Member(wires[at]!, groupId, at === 1 ? sessionMs : longSessionMs, crowd.stable);
    crowd.members.add(member);
    member.join();
    return member;
  };

  const formedMs = await timed(crowd, () => {
    for (let at = 0; at < count; at++) enter(at);
  });
  let last: Member | undefined;
  const joinedMs = await timed(crowd, () => {
    last = enter(count);
  });
  const leftMs = await timed(crowd, () => {
    crowd.members.delete(last!);
    last!.leave(() => crowd.heartbeat());
  });
  const crashedMs = options.crash ? await crash(crowd) : undefined;
  for (const wire of wires) wire.close();
  return { formedMs, joinedMs, leftMs, ...(crashedMs === undefined ? {} : { crashedMs }) };
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
    if (endMs === 0) crowd.heartbeat();
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
    crowd.heartbeat();
    await Promise.race([over, pause(askEveryMs)]);
  }
  return nowMs() - beginMs - shortSessionMs;
}
