/**
 * What the members of one group ask, encoded once: from one member and generation to the next only a few bytes differ.
 * And of the answers what tells errors, generation and member id.
 */
import { Heartbeat } from "../../protocol/apis/heartbeat.ts";
import { JoinGroup, type JoinGroupResponse } from "../../protocol/apis/join-group.ts";
import { LeaveGroup } from "../../protocol/apis/leave-group.ts";
import { SyncGroup } from "../../protocol/apis/sync-group.ts";
import { encodeAssignment, encodeSubscription } from "../../protocol/consumer-protocol.ts";
import { decodeResponseFrame } from "../../protocol/frame.ts";
import { frameOf } from "./wire.ts";

const versions = { join: 7, sync: 5, heartbeat: 4, leave: 4 } as const;
const protocolType = "consumer";
const protocolName = "range";
/** Those of a consumer of one topic: Kafka's coordinator reads them, and forms no group of members that send others. */
const topic = "bench-topic";
const ownedPartitions = { ownedPartitions: [], generationId: -1, rackId: null };
const metadata = encodeSubscription({ topics: [topic], userData: null, ...ownedPartitions });
const assignment = encodeAssignment({ assignedPartitions: [{ topic, partitions: [0] }], userData: null });

type Encode = (memberId: string, generationId: number) => Uint8Array;
const otherGeneration = 0x7d7d7d7d;

/** A frame that is encoded for the first member with an id of that length, and copied for all. */
class Template {
  readonly #encode: Encode;
  #idLength = -1;
  #frame = Buffer.alloc(0);
  #idAt = 0;
  /** -1: the request tells none. */
  #generationAt = -1;

  constructor(encode: Encode) {
    this.#encode = encode;
  }

  fill(memberId: Uint8Array, generationId = 0): Uint8Array {
    if (memberId.length !== this.#idLength) this.#make(memberId.length);
    const frame = Buffer.allocUnsafe(this.#frame.length);
    frame.set(this.#frame, 0);
    frame.set(memberId, this.#idAt);
    if (this.#generationAt >= 0) frame.writeInt32BE(generationId, this.#generationAt);
    return frame;
  }

  #make(idLength: number): void {
    const id = "~".repeat(idLength);
    const generation = Buffer.alloc(4);
    generation.writeInt32BE(otherGeneration);
    this.#idLength = idLength;
    this.#frame = Buffer.from(this.#encode(id, otherGeneration));
    this.#idAt = this.#frame.indexOf(id);
    this.#generationAt = this.#frame.indexOf(generation);
  }
}

export class MemberFrames {
  /** With an empty id: of who has none yet (KIP-394). */
  readonly join: Template;
  /** Of who is not the leader. */
  readonly sync: Template;
  readonly heartbeat: Template;
  readonly leave: Template;
  readonly #groupId: string;

  constructor(groupId: string, sessionTimeoutMs: number) {
    this.#groupId = groupId;
    const timeouts = { sessionTimeoutMs, rebalanceTimeoutMs: 60_000 };
    const protocols = [{ name: protocolName, metadata }];
    this.join = new Template((memberId) => {
      const who = { groupId, memberId, groupInstanceId: null };
      return frameOf(JoinGroup, versions.join, { ...who, ...timeouts, protocolType, protocols });
    });
    this.sync = new Template((memberId, generationId) => this.#sync(memberId, generationId, []));
    this.heartbeat = new Template((memberId, generationId) =>
      frameOf(Heartbeat, versions.heartbeat, { groupId, generationId, memberId, groupInstanceId: null }),
    );
    this.leave = new Template((memberId) =>
      frameOf(LeaveGroup, versions.leave, { groupId, members: [{ memberId, groupInstanceId: null }] }),
    );
  }

  /** The leader's, with something for each member that the answer to its join tells. */
  plan(answer: Buffer): Uint8Array {
    const { memberId, generationId, members }: JoinGroupResponse = decodeResponseFrame(
      JoinGroup,
      versions.join,
      answer,
    ).response;
    const ids = (members ?? []).map((member) => member.memberId);
    return this.#sync(memberId, generationId ?? -1, ids);
  }

  #sync(memberId: string, generationId: number, members: readonly string[]): Uint8Array {
    const who = { groupId: this.#groupId, generationId, memberId, groupInstanceId: null };
    const assignments = members.map((each) => ({ memberId: each, assignment }));
    return frameOf(SyncGroup, versions.sync, { ...who, protocolType, protocolName, assignments });
  }
}

/** After the correlation id, no tags and the throttle time: of all four answers. */
const errorAt = 4 + 1 + 4;

export function readError(answer: Buffer): number {
  return answer.readInt16BE(errorAt);
}

export interface JoinHead {
  readonly generationId: number;
  readonly memberId: Uint8Array;
  /** It is told who is in the group. */
  readonly isLeader: boolean;
}

export function readJoinHead(answer: Buffer): JoinHead {
  const generationAt = errorAt + 2;
  let at = generationAt + 4;
  // Protocol type and name, leader: each one more than its length in a byte, or 0 for null.
  for (let texts = 0; texts < 3; texts++) at += Math.max(answer[at]!, 1);
  const end = at + answer[at]!;
  const memberId = answer.subarray(at + 1, end);
  return { generationId: answer.readInt32BE(generationAt), memberId, isLeader: answer[end] !== 1 };
}
