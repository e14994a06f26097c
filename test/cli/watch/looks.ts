/** Looks in short, for tables: the group's state, who has what, and how far it is. */

import { eventLines } from "../../../src/cli/watch/event-lines.ts";
import type { Look, LookMember, LookPartition } from "../../../src/cli/watch/look.ts";
import { type Memory, observe } from "../../../src/cli/watch/observe.ts";
import type { WatchEvent } from "../../../src/cli/watch/watch-event.ts";
import type { RebalanceDescription } from "../../../src/client/admin/groups.ts";

export interface Short {
  /** Default: a second after the look before. */
  readonly at?: number;
  readonly state?: string;
  /** Of a group of the consumer protocol. */
  readonly epoch?: number;
  readonly assignor?: string;
  readonly coordinator?: number;
  /** "a: 0 1", "b/instance: 2": partitions of orders; what stands after "@" are the topics, orders by default. */
  readonly members?: readonly string[];
  /** How many partitions orders has. */
  readonly partitions?: number;
  /** Committed offsets and log ends of orders-0, orders-1, …. */
  readonly committed?: readonly number[];
  readonly ends?: readonly number[];
  readonly told?: readonly RebalanceDescription[];
}

const start = Date.parse("2026-11-21T03:00:00.000Z");

export function looks(...shorts: readonly Short[]): Look[] {
  return shorts.map((short, index) => {
    const { members = [], state = members.length === 0 ? "Empty" : "Stable", partitions = 4 } = short;
    return {
      atMs: start + (short.at ?? index * 1000),
      state,
      type: short.epoch === undefined ? "classic" : "consumer",
      epoch: short.epoch ?? null,
      assignor: short.assignor ?? (members.length === 0 ? "" : "cooperative-sticky"),
      coordinator: short.coordinator ?? 1,
      members: members.map(memberOf),
      partitions: Array.from({ length: partitions }, (_, number): LookPartition => {
        return {
          name: `orders-${number}`,
          topic: "orders",
          committed: short.committed?.[number],
          logEnd: short.ends?.[number],
        };
      }),
      ...(short.told === undefined ? {} : { told: short.told }),
    };
  });
}

function memberOf(text: string): LookMember {
  const [who = "", has = ""] = text.split(":");
  const [memberId = "", groupInstanceId = null] = who.split("/");
  const [numbers = "", topics = "orders"] = has.split("@");
  const assignment = numbers.trim() === "" ? [] : numbers.trim().split(" ");
  return {
    memberId,
    groupInstanceId,
    clientId: memberId.split("-")[0]!,
    host: "10.0.0.1",
    topics: topics.split(","),
    assignment: assignment.map((number) => (number.includes("-") ? number : `orders-${number}`)),
  };
}

export function eventsOf(seen: readonly Look[]): WatchEvent[] {
  const events: WatchEvent[] = [];
  let memory: Memory | undefined;
  for (const look of seen) {
    const observed = observe("billing", memory, look);
    memory = observed.memory;
    events.push(...observed.events);
  }
  return events;
}

/** All events of a series of looks, as `groups watch` prints them. */
export function linesOf(...shorts: readonly Short[]): string[] {
  return eventsOf(looks(...shorts)).flatMap(eventLines);
}
