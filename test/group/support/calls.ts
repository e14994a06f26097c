/** Requests as a client of the newest version sends them, for tests that are no transcripts. */
import type { ReplyToken } from "../../../src/coordinator/machine.ts";
import { assignment, subscription } from "./consumer-bytes.ts";
import type { Happening, Reply, World } from "./world.ts";

const client = { clientId: "c", clientHost: "/127.0.0.1" };

export interface JoinOptions {
  readonly groupId?: string;
  readonly version?: number;
  readonly memberId?: string;
  readonly groupInstanceId?: string | null;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly clientId?: string;
  readonly protocols?: readonly { readonly name: string; readonly metadata: Uint8Array }[];
}

export function joinRequest({ version = 3, clientId = "c", ...options }: JoinOptions = {}) {
  const body = {
    groupId: "g",
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId: "",
    groupInstanceId: null,
    protocolType: "consumer",
    reason: null,
    ...options,
    protocols: [...(options.protocols ?? [{ name: "range", metadata: subscription("orders") }])],
  };
  return { version, clientId, clientHost: "/127.0.0.1", body };
}

/** @param plan member id → partitions of orders */
export function syncRequest(
  memberId: string,
  generationId: number,
  plan: Readonly<Record<string, readonly number[]>> = {},
  groupInstanceId: string | null = null,
) {
  const assignments = Object.entries(plan).map(([id, orders]) => ({
    memberId: id,
    assignment: assignment({ orders }),
  }));
  const who = { groupId: "g", generationId, memberId, groupInstanceId };
  return { version: 4, ...client, body: { ...who, protocolType: null, protocolName: null, assignments } };
}

export function heartbeatRequest(memberId: string, generationId: number, maxWaitMs = 0) {
  return { version: 4, ...client, body: { groupId: "g", generationId, memberId, groupInstanceId: null, maxWaitMs } };
}

export function fetchRequest(topic: string, partition: number, topicId?: string) {
  const asked = { name: topic, partitionIndexes: [partition], ...(topicId === undefined ? {} : { topicId }) };
  const body = { groupId: "g", memberId: null, memberEpoch: -1, topics: [asked], requireStable: false };
  return { version: 10, ...client, body };
}

export function commitRequest(topic: string, partitionIndex: number, committedOffset: number, topicId: string) {
  const partition = { partitionIndex, committedOffset, committedLeaderEpoch: -1, committedMetadata: "" };
  const topics = [{ name: topic, topicId, partitions: [partition] }];
  const who = { groupId: "g", generationIdOrMemberEpoch: -1, memberId: "", groupInstanceId: null, retentionTimeMs: -1 };
  return { version: 10, ...client, body: { ...who, topics } };
}

/** All joins that were answered, in order: member ids of the first round of a group of members before v4. */
export function joinedMembers(world: World, count: number, options: JoinOptions = {}): string[] {
  const tokens = Array.from({ length: count }, () => world.submit("JoinGroup", joinRequest(options)).token);
  const happened = world.advanceTo(world.nowMs + 2 * world.config.groupInitialRebalanceDelayMs);
  return tokens.map((token) => (replyTo(happened, token) as { memberId: string }).memberId);
}

export function replyTo(happened: readonly Happening[], token: ReplyToken): Reply | undefined {
  for (const one of happened) if (one.kind === "reply" && one.token === token) return one.reply;
  return undefined;
}
