/**
 * A member of a group that tells what it has and what it reads. Run as a program with its options as JSON it is one in
 * a process of its own, which can be killed: it joins when it is sent anything.
 */
import { subscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { Consumer } from "../../client/consumer/consumer.ts";
import type { RequestEvent } from "../../client/diagnostics.ts";
import { Kafka } from "../../client/kafka.ts";

export interface MemberOptions {
  readonly bootstrapServers: string;
  readonly groupId: string;
  readonly topic: string;
  /** Default: the client's. */
  readonly sessionTimeoutMs?: number | undefined;
}

export type Told =
  /** A record that the broker wrote at `writtenMs`. */
  | { readonly what: "read"; readonly partition: number; readonly atMs: number; readonly writtenMs: number }
  /** What it has now. */
  | { readonly what: "owns"; readonly partitions: readonly number[] }
  /** The coordinator has heard of it then. */
  | { readonly what: "alive"; readonly atMs: number };

/** Milliseconds, the same in all processes. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

export function startMember({ topic, ...options }: MemberOptions, tell: (told: Told) => void): Consumer {
  const { bootstrapServers, groupId, sessionTimeoutMs } = options;
  const owned = new Set<number>();
  const change = (how: "add" | "delete") => (partitions: readonly { readonly partition: number }[]) => {
    for (const { partition } of partitions) owned[how](partition);
    tell({ what: "owns", partitions: [...owned] });
  };
  const consumer = new Kafka({ bootstrapServers }).consumer({
    groupId,
    autoOffsetReset: "earliest",
    ...(sessionTimeoutMs === undefined
      ? {}
      : { sessionTimeoutMs, heartbeatIntervalMs: Math.min(3000, Math.floor(sessionTimeoutMs / 3)) }),
    onPartitionsAssigned: change("add"),
    onPartitionsRevoked: change("delete"),
  });
  const read = async () => {
    await consumer.subscribe([topic]);
    for await (const { partition, timestamp } of consumer) {
      tell({ what: "read", partition, atMs: nowMs(), writtenMs: timestamp });
    }
  };
  read().catch((error) => {
    throw error;
  });
  return consumer;
}

/** What keeps a session; the heartbeat behind one that was held back has been sent when that is answered. */
const keepsSession = new Set(["SyncGroup", "Heartbeat", "OffsetCommit"]);

if (import.meta.main) {
  const tell = (told: Told) => process.send!(told);
  subscribe("regroup.client.request", (event) => {
    const { api, lane, durationMs } = event as RequestEvent;
    if (!keepsSession.has(api)) return;
    tell({ what: "alive", atMs: nowMs() - (lane === "heartbeat" ? 0 : durationMs) });
  });
  tell({ what: "owns", partitions: [] });
  await once(process, "message");
  startMember(JSON.parse(process.argv[2]!) as MemberOptions, tell);
}
