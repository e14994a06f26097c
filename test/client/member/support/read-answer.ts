/** Answers of coordinators, from the words of a transcript. */
import type { TopicMetadata } from "../../../../src/assignment/partition-assignor.ts";
import type { MemberAnswer } from "../../../../src/client/member/member-event.ts";
import type { MemberRequestType } from "../../../../src/client/member/member-request.ts";
import { encodeAssignment, encodeSubscription } from "../../../../src/protocol/consumer-protocol.ts";
import { ErrorCode, type ErrorName } from "../../../../src/protocol/errors.ts";
import { durationMs } from "../../../group/support/script.ts";

type Ids = (api: MemberRequestType) => number;

/** "Join(gen 1, range, id m-1, leader m-2)", "Sync(NOT_COORDINATOR)" and the like. */
export function readAnswer(text: string, lastId: Ids): MemberAnswer {
  const match = /^(\w+)(?:\((.*)\))?$/.exec(text);
  if (match === null) throw new Error(`no answer: ${text}`);
  const args = match[2] ? match[2].split(", ") : [];
  const [api, response] = responseOf(match[1]!, args);
  return { type: "answer", api, id: lastId(api), response } as MemberAnswer;
}

function responseOf(name: string, args: readonly string[]): [MemberRequestType, object] {
  const errorCode = ErrorCode[(args[0] ?? "NONE") as ErrorName] ?? ErrorCode.NONE;
  const named = (key: string) => args.find((arg) => arg.startsWith(`${key} `))?.slice(key.length + 1);
  switch (name) {
    case "Coordinator": {
      const heartbeatMaxWaitMs = durationMs(named("waits") ?? "0s");
      return ["FindCoordinator", { errorCode, nodeId: 1, heartbeatMaxWaitMs }];
    }
    case "Join":
      return ["JoinGroup", { errorCode, ...joined(args, named) }];
    case "Sync":
      return ["SyncGroup", { errorCode, assignment: readAssignment(errorCode === 0 ? args.join(" + ") : "") }];
    case "Metadata":
      return ["Metadata", { topics: readTopics(args.join(" ")) }];
    case "Leave":
      return ["LeaveGroup", { errorCode }];
    default:
      return ["Heartbeat", { errorCode }];
  }
}

/** Members stand as "m-1[orders payments]"; one that stands without topics subscribes to orders. */
function joined(args: readonly string[], named: (key: string) => string | undefined) {
  const members = named("members")?.match(/\S+\[[^\]]*\]|\S+/g) ?? [];
  return {
    generationId: Number(named("gen") ?? -1),
    protocolName: args.find((arg) => /^(range|roundrobin|sticky|cooperative-sticky|\w+\?)$/.test(arg)) ?? null,
    memberId: named("id") ?? "",
    leader: named("leader") ?? "",
    skipAssignment: args.includes("skip assignment"),
    members: members.map((member) => {
      const [, memberId = "", topics = "orders"] = /^([^[]+)(?:\[(.*)\])?$/.exec(member) ?? [];
      return { memberId, groupInstanceId: null, metadata: subscription(topics.split(" ")) };
    }),
  };
}

function subscription(topics: readonly string[]): Uint8Array {
  if (topics[0] === "?") return Uint8Array.of(0, 1, 127, 255, 255, 255); // more topics than there are bytes
  return encodeSubscription({
    topics: [...topics],
    userData: null,
    ownedPartitions: [],
    generationId: -1,
    rackId: null,
  });
}

/** "orders 0 1 + payments 0"; "": no bytes at all; "nothing". */
function readAssignment(text: string): Uint8Array {
  if (text === "") return new Uint8Array();
  const assignedPartitions = text === "nothing" ? [] : text.split(" + ").map(topicPartitions);
  return encodeAssignment({ assignedPartitions, userData: null });
}

function topicPartitions(text: string) {
  const [topic = "", ...partitions] = text.split(" ");
  return { topic, partitions: partitions.map(Number) };
}

/** "orders 6 payments 2" */
export function readTopics(text: string): Map<string, TopicMetadata> {
  const pairs = text.match(/\S+ \d+/g) ?? [];
  return new Map(pairs.map((pair) => [pair.split(" ")[0]!, { partitionCount: Number(pair.split(" ")[1]) }]));
}
