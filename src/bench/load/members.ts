/** The members of one group, a connection each, that do what the classic protocol asks of them and nothing beside. */
import { Heartbeat } from "../../protocol/apis/heartbeat.ts";
import { JoinGroup } from "../../protocol/apis/join-group.ts";
import { LeaveGroup } from "../../protocol/apis/leave-group.ts";
import { SyncGroup } from "../../protocol/apis/sync-group.ts";
import { encodeAssignment, encodeSubscription } from "../../protocol/consumer-protocol.ts";
import { ErrorCode, errorName } from "../../protocol/errors.ts";
import { decodeResponseFrame } from "../../protocol/frame.ts";
import type { Api, RequestInput, ResponseOf } from "../../protocol/schema.ts";
import { frameOf, type Wire } from "./wire.ts";

const versions = { join: 7, sync: 5, heartbeat: 4, leave: 4 } as const;
const protocolType = "consumer";
const protocolName = "range";
/** Those of a consumer of one topic: Kafka's coordinator reads them, and forms no group of members that send others. */
const topic = "bench-topic";
const ownedPartitions = { ownedPartitions: [], generationId: -1, rackId: null };
const metadata = encodeSubscription({ topics: [topic], userData: null, ...ownedPartitions });
const assignment = encodeAssignment({ assignedPartitions: [{ topic, partitions: [0] }], userData: null });

export class Member {
  readonly #wire: Wire;
  readonly #groupId: string;
  readonly #sessionTimeoutMs: number;
  readonly #onStable: (member: Member) => void;
  /** Those that wait for their answers, which come in order. */
  readonly #asked: ((answer: Buffer) => void)[] = [];
  memberId = "";
  /** Of which it has its assignment; -1 while it has none. */
  generationId = -1;

  constructor(wire: Wire, groupId: string, sessionTimeoutMs: number, onStable: (member: Member) => void) {
    this.#wire = wire;
    this.#groupId = groupId;
    this.#sessionTimeoutMs = sessionTimeoutMs;
    this.#onStable = onStable;
    wire.onAnswer = (answer) => this.#asked.shift()!(answer);
  }

  join(): void {
    this.generationId = -1;
    const request = {
      groupId: this.#groupId,
      sessionTimeoutMs: this.#sessionTimeoutMs,
      rebalanceTimeoutMs: 60_000,
      memberId: this.memberId,
      groupInstanceId: null,
      protocolType,
      protocols: [{ name: protocolName, metadata }],
    };
    this.#ask(JoinGroup, versions.join, request, (answer) => {
      if (isOutdated(answer.errorCode)) return this.#joinAgain(answer.errorCode);
      this.memberId = answer.memberId;
      if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) return this.join(); // KIP-394
      if (answer.errorCode !== ErrorCode.NONE) throw new Error(`a join failed: ${errorName(answer.errorCode)}`);
      this.#sync(answer);
    });
  }

  /**
   * As a consumer does when its group goes on, or went on without it, as on machines that have too much to do. It gives
   * up its id only when nobody knows it any more: with a new one the group would wait until the old one's session ends.
   */
  #joinAgain(errorCode: number): void {
    if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.memberId = "";
    this.join();
  }

  #sync({ generationId, members }: ResponseOf<typeof JoinGroup>): void {
    const { memberId } = this;
    const assignments = members.map((member) => ({ memberId: member.memberId, assignment }));
    const who = { groupId: this.#groupId, generationId, memberId, groupInstanceId: null };
    this.#ask(SyncGroup, versions.sync, { ...who, protocolType, protocolName, assignments }, ({ errorCode }) => {
      if (isOutdated(errorCode)) return this.#joinAgain(errorCode);
      if (errorCode !== ErrorCode.NONE) throw new Error(`a sync failed: ${errorName(errorCode)}`);
      this.generationId = generationId;
      this.#onStable(this);
    });
  }

  /** Asks whether the group goes on as it is, and joins again when it does not. */
  heartbeat(): void {
    const { memberId, generationId } = this;
    if (generationId < 0 || this.#asked.length > 0) return;
    const request = { groupId: this.#groupId, generationId, memberId, groupInstanceId: null };
    this.#ask(Heartbeat, versions.heartbeat, request, ({ errorCode }) => {
      if (isOutdated(errorCode)) this.#joinAgain(errorCode);
      else if (errorCode !== ErrorCode.NONE) throw new Error(`a heartbeat failed: ${errorName(errorCode)}`);
    });
  }

  leave(onLeft: () => void): void {
    const members = [{ memberId: this.memberId, groupInstanceId: null }];
    this.generationId = -1;
    this.#ask(LeaveGroup, versions.leave, { groupId: this.#groupId, members }, ({ errorCode }) => {
      if (errorCode !== ErrorCode.NONE) throw new Error(`a leave failed: ${errorName(errorCode)}`);
      onLeft();
    });
  }

  #ask<A extends Api>(
    api: A,
    version: number,
    request: RequestInput<A>,
    onAnswer: (answer: ResponseOf<A>) => void,
  ): void {
    this.#asked.push((answer) => onAnswer(decodeResponseFrame(api, version, answer).response));
    this.#wire.send(frameOf(api, version, request));
  }
}

const outdated: readonly number[] = [
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
];

/** The group has another generation, or is about to. */
function isOutdated(errorCode: number): boolean {
  return outdated.includes(errorCode);
}
