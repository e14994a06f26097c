/** What a coordinator caused, as words that a person reads. */
import type { TransactionMarker } from "../../../src/coordinator/machine.ts";
import { partitionsOf } from "../../../src/group/consumer-protocol.ts";
import type { GroupFact } from "../../../src/group/facts.ts";
import type { GroupMetadata, GroupRecord } from "../../../src/group/record.ts";
import type { GroupRequests } from "../../../src/group/requests.ts";
import type { GroupTimer } from "../../../src/group/shard.ts";
import { errorName } from "../../../src/protocol/errors.ts";
import { msToTime } from "./script.ts";
import { epochMs, type Reply, type RequestType } from "./world.ts";

/** Gives member ids names that can be read: the first of client (or instance) a is a-1. */
export class Names {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  readonly nameOf = (memberId: string): string => {
    const match = /^(.*)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.exec(memberId);
    if (match === null) return memberId === "" ? "nobody" : memberId;
    let name = this.#names.get(memberId);
    if (name === undefined) {
      const prefix = match[1]!;
      const count = (this.#counts.get(prefix) ?? 0) + 1;
      this.#counts.set(prefix, count);
      name = `${prefix}-${count}`;
      this.#names.set(memberId, name);
    }
    return name;
  };

  /** The other way; a name that was never given is itself a member id nobody has. */
  readonly memberIdOf = (name: string): string => {
    for (const [memberId, known] of this.#names) if (known === name) return memberId;
    return name;
  };

  /** Text with all member ids in it made readable. */
  readonly inText = (text: string): string =>
    text.replace(/[\w.]+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, this.nameOf);
}

export function printReply(type: RequestType, reply: Reply, names: Names): string {
  const print = printers[type] as (reply: Reply, names: Names) => string;
  return print(reply, names);
}

type Printers = { readonly [K in RequestType]: (reply: GroupRequests[K]["reply"], names: Names) => string };

const printers: Printers = {
  JoinGroup: (reply, { nameOf }) => {
    if (reply.errorCode !== 0) return call("Join", [errorName(reply.errorCode), `id ${nameOf(reply.memberId)}`]);
    return call("Join", [
      `gen ${reply.generationId}`,
      reply.protocolName ?? "null",
      `id ${nameOf(reply.memberId)}`,
      `leader ${nameOf(reply.leader)}`,
      reply.members.length > 0 && `members ${reply.members.map(({ memberId }) => nameOf(memberId)).join(" ")}`,
      reply.skipAssignment === true && "skip assignment",
    ]);
  },
  SyncGroup: (reply) => call("Sync", [reply.errorCode === 0 ? owned(reply.assignment) : errorName(reply.errorCode)]),
  Heartbeat: (reply) => call("Heartbeat", [errorName(reply.errorCode)]),
  LeaveGroup: (reply, { nameOf }) =>
    call("Leave", [
      (reply.errorCode !== 0 || reply.members?.length === 0) && errorName(reply.errorCode),
      ...(reply.members ?? []).map(
        ({ memberId, groupInstanceId, errorCode }) =>
          `${memberId === "" ? `static ${groupInstanceId}` : nameOf(memberId)} ${errorName(errorCode)}`,
      ),
    ]),
  OffsetCommit: (reply) =>
    call("Commit", [
      ...reply.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) => `${name}-${partitionIndex} ${errorName(errorCode)}`),
      ),
    ]),
  TxnOffsetCommit: (reply) =>
    call("TxnCommit", [
      ...reply.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) => `${name}-${partitionIndex} ${errorName(errorCode)}`),
      ),
    ]),
  EndTransaction: (errorCode) => call("End", [errorName(errorCode)]),
  OffsetFetch: (reply) =>
    call("Fetch", [
      reply.errorCode !== 0 && errorName(reply.errorCode),
      ...reply.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, committedOffset, metadata, errorCode }) =>
          errorCode === 0
            ? `${name}-${partitionIndex} = ${committedOffset} ${metadata}`.trimEnd()
            : `${name}-${partitionIndex} ${errorName(errorCode)}`,
        ),
      ),
    ]),
  OffsetDelete: (reply) =>
    call("OffsetDelete", [
      reply.errorCode !== 0 && errorName(reply.errorCode),
      ...reply.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) => `${name}-${partitionIndex} ${errorName(errorCode)}`),
      ),
    ]),
  DescribeGroup: (reply, { nameOf }) =>
    call("Describe", [
      reply.errorCode !== 0 && errorName(reply.errorCode),
      reply.errorMessage !== null && reply.errorMessage,
      reply.groupState,
      reply.protocolType !== "" && `type ${reply.protocolType}`,
      reply.protocolData !== "" && reply.protocolData,
      ...reply.members.map(
        ({ memberId, memberMetadata, memberAssignment }) =>
          `${nameOf(memberId)} (${memberMetadata.length > 0 ? "subscribed" : "not told"}): ${owned(memberAssignment)}`,
      ),
    ]),
  ListGroups: (reply) =>
    call(
      "List",
      reply.map(({ groupId, groupState, groupType, protocolType }) =>
        `${groupId} ${groupState} ${groupType} ${protocolType}`.trimEnd(),
      ),
    ),
  DeleteGroup: (reply) => call("Delete", [errorName(reply.errorCode)]),
  TopicsDeleted: (reply) => call("TopicsDeleted", [`${reply.offsets} offsets`]),
};

/** @param producerId of the transaction that it is part of. */
export function printRecord(record: GroupRecord, producerId: number | undefined, { nameOf }: Names): string {
  if (record.type === "GroupMetadata") {
    const { value } = record;
    return call(
      "GroupMetadata",
      value === null ? [record.group, "tombstone"] : [record.group, ...metadata(value, nameOf)],
    );
  }
  const { group, topic, partition, value } = record;
  const what = value === null ? "tombstone" : `${value.offset} ${value.metadata.slice(0, 20)}`.trimEnd();
  const pending = producerId !== undefined && `pending of ${producerId}`;
  return call("OffsetCommit", [group, `${topic}-${partition} = ${what}`, pending]);
}

export function printMarker({ type, producerId, producerEpoch }: TransactionMarker): string {
  return call(type, [`producer ${producerId}`, `epoch ${producerEpoch}`]);
}

function metadata(value: GroupMetadata, nameOf: (memberId: string) => string): (string | false)[] {
  return [
    `gen ${value.generation}`,
    value.protocolType !== "" && `type ${value.protocolType}`,
    value.protocol ?? false,
    value.leader !== null && `leader ${nameOf(value.leader)}`,
    value.currentStateTimestampMs !== -1 && `since ${msToTime(value.currentStateTimestampMs - epochMs)}`,
    ...value.members.map(({ memberId, assignment }) => `${nameOf(memberId)}: ${owned(assignment)}`),
  ];
}

export function printFact(fact: GroupFact, names: Names): string {
  const list = (ids: readonly string[]) => ids.map(names.nameOf).join(" ");
  switch (fact.type) {
    case "GroupRebalanceStarted":
      return names.inText(`rebalance of gen ${fact.fromGeneration}, ${fact.members} members: ${fact.reason}`);
    case "GroupRebalanceCompleted":
      return [
        `rebalanced gen ${fact.fromGeneration} → ${fact.toGeneration} in ${fact.durationMs} ms`,
        `${fact.members} members`,
        fact.joined.length > 0 && `joined ${list(fact.joined)}`,
        fact.left.length > 0 && `left ${list(fact.left)}`,
        fact.movedPartitions !== undefined && `${fact.movedPartitions} partitions moved`,
      ]
        .filter(Boolean)
        .join(", ");
    case "GroupStaticMemberReplaced":
      return `${fact.groupInstanceId}: ${names.nameOf(fact.newMemberId)} for ${names.nameOf(fact.oldMemberId)}`;
    case "GroupDeleted":
      return `${fact.group} deleted: ${fact.reason}`;
    case "GroupOffsetsExpired":
      return `${fact.offsets} offsets of ${fact.group} expired`;
  }
}

export function printTimer(timer: GroupTimer, { nameOf }: Names): string {
  switch (timer.kind) {
    case "session":
      return `session of ${nameOf(timer.memberId)}`;
    case "pending":
      return `pending ${nameOf(timer.memberId)}`;
    case "heartbeat":
      return `wait of ${nameOf(timer.member.memberId)}`;
    default:
      return timer.kind === "expiry" ? "expiry" : `${timer.kind} phase`;
  }
}

function owned(assignment: Uint8Array): string {
  const topics = partitionsOf(assignment);
  if (topics === undefined) return "?";
  return topics.map(({ topic, partitions }) => [topic, ...partitions].join(" ")).join(" + ") || "nothing";
}

function call(name: string, args: readonly (string | false)[]): string {
  return `${name}(${args.filter((arg) => arg !== false).join(", ")})`;
}
