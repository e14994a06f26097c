/** Requests on their way: what was asked, what the answer rests on, and what is checked when it leaves the broker. */
import type { ReplyToken } from "../coordinator/machine.ts";
import type { GroupRecord } from "../group/record.ts";
import { ErrorCode, errorName } from "../protocol/errors.ts";
import { decodeResponseFrame, encodeRequestFrame } from "../protocol/frame.ts";
import type { Api } from "../protocol/schema.ts";
import type { Consumption } from "./consumption.ts";
import type { Deposition } from "./depositions.ts";
import { withoutSize } from "./frames.ts";
import type { Floor, Ledger } from "./ledger.ts";
import type { Transactions } from "./transactions.ts";
import type { WatchedCoordinator } from "./watched-coordinator.ts";
import type { WatchedPartition } from "./watched-partition.ts";
import type { World } from "./world.ts";

// biome-ignore lint/suspicious/noExplicitAny: bodies and answers of all APIs
type Body = any;

export class Asked {
  readonly client: string;
  readonly api: Api;
  readonly version: number;
  readonly body: Body;
  /** Of an OffsetFetch: what had been acknowledged when it came. */
  floor: Floor | undefined;
  /** Set when the broker has answered. */
  response: Body;
  token: { readonly coordinator: WatchedCoordinator; readonly token: ReplyToken } | undefined;
  rests: { readonly log: WatchedPartition<GroupRecord>; readonly onRecords: number } | undefined;

  constructor(client: string, api: Api, version: number, body: Body) {
    this.client = client;
    this.api = api;
    this.version = version;
    this.body = body;
  }

  words(): string {
    const { memberId, generationId, generationIdOrMemberEpoch, groupInstanceId } = this.body;
    const generation = generationId ?? generationIdOrMemberEpoch;
    const parts = [memberId, groupInstanceId, generation === undefined ? undefined : `generation ${generation}`];
    return `${this.api.name}(${parts.filter((part) => part !== undefined && part !== null && part !== "").join(", ")})`;
  }
}

/** As coordinator of a group; `unknown`: nobody has said that it was one. */
export type Standing = "leads" | "unknown" | Deposition;

export class Requests {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #transactions: Transactions;
  readonly #consumption: Consumption;
  readonly #asked = new Map<number, Asked>();
  #correlationId = 0;

  constructor(world: World, ledger: Ledger, transactions: Transactions, consumption: Consumption) {
    this.#world = world;
    this.#consumption = consumption;
    this.#transactions = transactions;
    this.#ledger = ledger;
  }

  /** @returns its id, and the frame without the size in front. */
  make(client: string, api: Api, version: number, body: Body): { readonly id: number; readonly frame: Uint8Array } {
    const id = ++this.#correlationId;
    this.#asked.set(id, new Asked(client, api, version, body));
    const frame = withoutSize(encodeRequestFrame(api, version, { correlationId: id, clientId: client }, body));
    return { id, frame };
  }

  /** @param at where the correlation id stands: 4 in requests, 0 in answers */
  of(frame: Uint8Array, at: 0 | 4): Asked | undefined {
    return this.#asked.get(idAt(frame, at));
  }

  /** The answer has reached the client. */
  forget(id: number): void {
    this.#asked.delete(id);
  }

  /** A frame leaves a broker. @param standing of that broker, as coordinator of a group */
  answered(frame: Uint8Array, broker: string, standing: (groupId: string) => Standing): void {
    const asked = this.of(frame, 0);
    if (asked === undefined) return;
    asked.response = decodeResponseFrame(asked.api, asked.version, frame).response;
    if (this.#world.isTold) this.#world.tell(() => `${asked.client} ← ${broker} ${asked.words()}: ${wordsOf(asked)}`);
    const { rests } = asked;
    if (rests !== undefined && rests.log.durableRecords < rests.onRecords && isPromise(asked.response)) {
      const message = `${asked.api.name} of ${asked.client} is answered before what it rests on is durable`;
      this.#world.violated("no reply before durability", message);
    }
    this.#check(asked, standing);
  }

  #check(asked: Asked, standing: (groupId: string) => Standing): void {
    const { api, body, response } = asked;
    if (ofGroups.has(api.name)) this.#checkStanding(asked, standing(groupOf(body)));
    switch (api.name) {
      case "SyncGroup":
        if (response.errorCode !== ErrorCode.NONE) return;
        return this.#ledger.planHandedOut(
          body.groupId,
          body.generationId,
          body.groupInstanceId ?? body.memberId,
          response.assignment,
        );
      case "OffsetCommit":
        return this.#commitAnswered(body, response);
      case "OffsetFetch":
        return this.#offsetsAnswered(asked, standing(groupOf(body)));
      case "Fetch":
        return this.#fetchAnswered(response);
      default:
        return;
    }
  }

  #commitAnswered(body: Body, response: Body): void {
    for (const topic of response.topics) {
      for (const { partitionIndex, errorCode } of topic.partitions) {
        if (errorCode !== ErrorCode.NONE) continue;
        const asked = body.topics.find((each: Body) => each.name === topic.name);
        const of = asked.partitions.find((each: Body) => each.partitionIndex === partitionIndex);
        this.#ledger.commitAcknowledged(body.groupId, topic.name, partitionIndex, of.committedMetadata);
      }
    }
  }

  /** The request has reached its broker. */
  arrived(asked: Asked): void {
    if (asked.api.name === "OffsetFetch") asked.floor = this.#ledger.acknowledgedOf(groupOf(asked.body));
  }

  #fetchAnswered(response: Body): void {
    for (const { topic, topicId, partitions } of response.responses) {
      if (this.#consumption.deleted.has(topic)) continue;
      for (const { partitionIndex, errorCode, highWatermark, lastStableOffset } of partitions) {
        if (errorCode !== ErrorCode.NONE) continue;
        this.#consumption.told(`${topic || topicId}-${partitionIndex}`, highWatermark, lastStableOffset);
      }
    }
  }

  #checkStanding({ api, client, response }: Asked, standing: Standing): void {
    if (typeof standing === "string" || !standing.hasHeard) return;
    if ((response.groups?.[0] ?? response).errorCode !== ErrorCode.NONE) return;
    const message = `${api.name} of ${client} is answered by a coordinator that another has replaced, and that knows`;
    this.#world.violated("who leads no more answers no more", message);
  }

  #offsetsAnswered({ body, response, floor = new Map() }: Asked, standing: Standing): void {
    const group = response.groups?.[0] ?? response;
    const groupId = groupOf(body);
    if (group.errorCode !== ErrorCode.NONE || standing === "unknown") return;
    const isOld = standing !== "leads";
    const atLeast = isOld ? lower(floor, standing.floor) : floor;
    const where = isOld ? "as a deposed coordinator tells" : "as fetched";
    for (const topic of group.topics) {
      for (const { partitionIndex, errorCode, committedOffset, metadata } of topic.partitions) {
        if (errorCode !== ErrorCode.NONE) continue;
        this.#transactions.offsetTold(metadata);
        const id = committedOffset === -1 ? undefined : metadata;
        const seen = { group: groupId, topic: topic.name, partition: partitionIndex, id, isOld };
        this.#ledger.offsetSeen(seen, where, atLeast);
      }
    }
  }
}

/** Those whose answer tells in one place whether it is one. */
const ofGroups: ReadonlySet<string> = new Set(["JoinGroup", "SyncGroup", "Heartbeat", "LeaveGroup", "OffsetFetch"]);

function lower(one: Floor, other: Floor): Floor {
  return new Map([...one].map(([key, number]) => [key, Math.min(number, other.get(key) ?? 0)]));
}

function groupOf(body: Body): string {
  return body.groups?.[0]?.groupId ?? body.groupId;
}

export function idAt(frame: Uint8Array, at: number): number {
  return (frame[at]! << 24) | (frame[at + 1]! << 16) | (frame[at + 2]! << 8) | frame[at + 3]!;
}

/** Of the answer, and of each partition or group in it. */
function codesOf(response: Body): number[] {
  const partitions = (response.topics ?? []).flatMap((topic: Body) => topic.partitions ?? []);
  const all = [response, ...partitions, ...(response.groups ?? []), ...(response.results ?? [])];
  return all.map(({ errorCode }) => errorCode ?? ErrorCode.NONE);
}

/** A shard that was lost promises nothing. */
function isPromise(response: Body): boolean {
  return !codesOf(response).includes(ErrorCode.NOT_COORDINATOR);
}

function wordsOf({ response }: Asked): string {
  const { generationId, memberId, leader } = response;
  const errors = codesOf(response).filter((code) => code !== ErrorCode.NONE);
  const said = errors.length === 0 ? ["ok"] : new Set(errors.map(errorName));
  const generation = generationId === undefined || generationId < 0 ? [] : [`generation ${generationId}`];
  const role = leader !== undefined && leader !== "" && leader === memberId ? ["leader"] : [];
  return [...said, memberId, ...generation, ...role].filter(Boolean).join(" ");
}
