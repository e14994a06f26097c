/** From the words of a script to the requests of the coordinator, with what a client would put in by itself. */
import type { GroupRequests, OffsetFetchTopic } from "../../../src/group/requests.ts";
import { assignment, subscription } from "./consumer-bytes.ts";
import { type Call, durationMs } from "./script.ts";
import type { RequestType } from "./world.ts";

/** What a client knows. Its client id is its name without the number: a1 and a2 are two lives of a. */
export interface Client {
  readonly name: string;
  memberId: string;
  groupInstanceId: string | null;
  generation: number;
}

export interface Asked {
  readonly type: RequestType;
  readonly request: GroupRequests[RequestType]["request"];
}

/** Gives the member id behind a name such as a-1. */
export type MemberIds = (name: string) => string;

interface Words {
  readonly version: number;
  readonly group: string;
  readonly named: ReadonlyMap<string, string>;
  /** The words that are not options. */
  readonly plain: readonly string[];
}

const options = [
  "group",
  "instance",
  "session",
  "rebalance",
  "type",
  "reason",
  "gen",
  "as",
  "protocol",
  "retention",
  "wait",
  "producer",
  "epoch",
  "coordinator",
];
const newest: Record<string, number> = {
  Join: 9,
  Sync: 5,
  Heartbeat: 4,
  Leave: 5,
  Commit: 9,
  TxnCommit: 5,
  Fetch: 9,
  OffsetDelete: 0,
  Describe: 6,
  List: 5,
  Delete: 2,
};

export function toRequest(client: Client, call: Call, memberId: MemberIds): Asked {
  const words = wordsOf(call);
  const build = builders[call.name];
  if (build === undefined) throw new Error(`no such request: ${call.source}`);
  return build(client, words, memberId);
}

function wordsOf({ name, args }: Call): Words {
  const named = new Map<string, string>();
  const plain: string[] = [];
  let version = newest[name] ?? 0;
  for (const arg of args) {
    const [first, ...rest] = arg.split(" ");
    if (/^v\d+$/.test(arg)) version = Number(arg.slice(1));
    else if (options.includes(first!)) named.set(first!, rest.join(" "));
    else plain.push(arg);
  }
  return { version, group: named.get("group") ?? "g", named, plain };
}

type Builder = (client: Client, words: Words, memberId: MemberIds) => Asked;

const builders: Record<string, Builder> = {
  Join: (client, words, memberId) => {
    const { named, version, plain } = words;
    if (named.has("instance")) client.groupInstanceId = named.get("instance")!;
    const body = {
      groupId: words.group,
      sessionTimeoutMs: durationMs(named.get("session") ?? "10s"),
      rebalanceTimeoutMs: durationMs(named.get("rebalance") ?? "60s"),
      memberId: identity(client, words, memberId),
      groupInstanceId: client.groupInstanceId,
      protocolType: named.get("type") ?? "consumer",
      protocols: protocolsOf(plain[0] ?? "range[orders]"),
      reason: named.get("reason") ?? null,
    };
    return { type: "JoinGroup", request: { version, ...clientOf(client), body } };
  },
  Sync: (client, words, memberId) => {
    const { named, version, plain } = words;
    const protocolName = named.get("protocol") ?? "range";
    const body = {
      groupId: words.group,
      generationId: generationOf(client, words),
      memberId: identity(client, words, memberId),
      groupInstanceId: client.groupInstanceId,
      protocolType: version < 5 || protocolName === "none" ? null : (named.get("type") ?? "consumer"),
      protocolName: version < 5 || protocolName === "none" ? null : protocolName,
      assignments: plain.map((plan) => {
        const [name, owned] = plan.split(": ");
        return { memberId: memberId(name!), assignment: ownedPartitions(owned ?? "") };
      }),
    };
    return { type: "SyncGroup", request: { version, ...clientOf(client), body } };
  },
  Heartbeat: (client, words, memberId) => {
    const body = {
      groupId: words.group,
      generationId: generationOf(client, words),
      memberId: identity(client, words, memberId),
      groupInstanceId: words.named.get("instance") ?? client.groupInstanceId,
      maxWaitMs: durationMs(words.named.get("wait") ?? "0s"),
    };
    return { type: "Heartbeat", request: { version: words.version, ...clientOf(client), body } };
  },
  Leave: (client, words, memberId) => {
    const { named, version, plain } = words;
    const reason = named.get("reason") ?? null;
    const own = { memberId: client.memberId, groupInstanceId: client.groupInstanceId, reason };
    const others = plain.map((name) => {
      const [kind, instance, id] = name.split(" ");
      if (kind !== "static") return { memberId: memberId(name), groupInstanceId: null, reason };
      return { memberId: id === undefined ? "" : memberId(id), groupInstanceId: instance!, reason };
    });
    const members = version < 3 ? [] : others.length > 0 ? others : [own];
    const body = { groupId: words.group, memberId: version < 3 ? identity(client, words, memberId) : "", members };
    return { type: "LeaveGroup", request: { version, ...clientOf(client), body } };
  },
  Commit: (client, words, memberId) => {
    const { version, named, plain } = words;
    const isMember = client.memberId !== "" || named.has("as");
    const body = {
      groupId: words.group,
      generationIdOrMemberEpoch: isMember || named.has("gen") ? generationOf(client, words) : -1,
      memberId: identity(client, words, memberId),
      groupInstanceId: client.groupInstanceId,
      retentionTimeMs: named.has("retention") ? durationMs(named.get("retention")!) : -1,
      topics: committedTopics(plain),
    };
    return { type: "OffsetCommit", request: { version, ...clientOf(client), body } };
  },
  TxnCommit: (client, words, memberId) => {
    const { version, named, plain } = words;
    const body = {
      transactionalId: client.name,
      groupId: words.group,
      ...producerOf(words),
      generationId: client.memberId !== "" || named.has("gen") ? generationOf(client, words) : -1,
      memberId: identity(client, words, memberId),
      groupInstanceId: client.groupInstanceId,
      topics: committedTopics(plain),
    };
    return { type: "TxnOffsetCommit", request: { version, ...clientOf(client), body } };
  },
  End: (_client, words) => {
    const coordinatorEpoch = Number(words.named.get("coordinator") ?? 0);
    const type = words.plain[0] === "abort" ? "ABORT" : "COMMIT";
    return { type: "EndTransaction", request: { type, ...producerOf(words), coordinatorEpoch, transactionVersion: 1 } };
  },
  Fetch: (client, { group, version, plain }) => {
    const requireStable = !plain.includes("unstable too");
    const words = plain.filter((word) => word !== "unstable too");
    const topics = words.length === 0 ? null : partitionsOf(words);
    const body = { groupId: group, memberId: null, memberEpoch: -1, topics, requireStable };
    return { type: "OffsetFetch", request: { version, ...clientOf(client), body } };
  },
  OffsetDelete: (client, words) => {
    const topics = partitionsOf(words.plain).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex })),
    }));
    return {
      type: "OffsetDelete",
      request: { version: 0, ...clientOf(client), body: { groupId: words.group, topics } },
    };
  },
  Describe: (client, { version, group }) => {
    return { type: "DescribeGroup", request: { version, ...clientOf(client), body: { groupId: group } } };
  },
  List: (client, { version, plain }) => {
    const of = (kind: string) => plain.filter((word) => word.startsWith(kind)).map((word) => word.split(" ")[1]!);
    const body = { statesFilter: of("state"), typesFilter: of("is") };
    return { type: "ListGroups", request: { version, ...clientOf(client), body } };
  },
  Delete: (client, { version, group }) => {
    return { type: "DeleteGroup", request: { version, ...clientOf(client), body: { groupId: group } } };
  },
  TopicsDeleted: (_client, { plain }) => {
    return { type: "TopicsDeleted", request: { topics: plain.map((name) => ({ name, topicId: noTopicId })) } };
  },
};

const noTopicId = "AAAAAAAAAAAAAAAAAAAAAA";

function clientOf({ name }: Client) {
  return { clientId: name.replace(/\d+$/, ""), clientHost: "/127.0.0.1" };
}

function producerOf({ named }: Words) {
  return { producerId: Number(named.get("producer") ?? 7), producerEpoch: Number(named.get("epoch") ?? 0) };
}

/** "orders-0 = 5 some metadata" */
function committedTopics(words: readonly string[]) {
  return words.map((word) => {
    const [, topic, partition, offset, metadata] = /^(\w+)-(\d+) = (-?\d+)(?: (.*))?$/.exec(word)!;
    return { name: topic!, topicId: noTopicId, partitions: [commitOf(Number(partition), Number(offset), metadata)] };
  });
}

function identity(client: Client, { named }: Words, memberId: MemberIds): string {
  const as = named.get("as");
  if (as === "nobody") return "";
  return as === undefined ? client.memberId : memberId(as);
}

function generationOf(client: Client, { named }: Words): number {
  return named.has("gen") ? Number(named.get("gen")) : client.generation;
}

/** "range[orders payments] sticky[orders]"; "none" offers nothing. */
function protocolsOf(text: string): { name: string; metadata: Uint8Array }[] {
  return Array.from(text.matchAll(/(\w+)\[([^\]]*)\]/g), ([, name, topics]) => ({
    name: name!,
    metadata: topics === "?" ? new Uint8Array([1, 2, 3]) : subscription(...topics!.split(" ").filter(Boolean)),
  }));
}

/** "orders 0 1 + payments 2"; nothing owns nothing. */
function ownedPartitions(text: string): Uint8Array {
  const owned: Record<string, number[]> = {};
  for (const one of text.split(" + ").filter(Boolean)) {
    const [topic, ...partitions] = one.split(" ");
    owned[topic!] = partitions.map(Number);
  }
  return assignment(owned);
}

function partitionsOf(words: readonly string[]): OffsetFetchTopic[] {
  return words.map((word) => {
    const [topic, partition] = word.split("-");
    return { name: topic!, partitionIndexes: [Number(partition)] };
  });
}

function commitOf(partitionIndex: number, committedOffset: number, metadata: string | undefined) {
  const text = /^x(\d+)$/.exec(metadata ?? "");
  const committedMetadata = text === null ? (metadata ?? null) : "x".repeat(Number(text[1]));
  return { partitionIndex, committedOffset, committedLeaderEpoch: -1, committedMetadata };
}
