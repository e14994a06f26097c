/** What a member causes, as words that a person reads. */
import type { MemberAction } from "../../../../src/client/member/member-action.ts";
import type { MemberFact } from "../../../../src/client/member/member-fact.ts";
import type { MemberRequest } from "../../../../src/client/member/member-request.ts";
import { byTopic, flat, type Partitions } from "../../../../src/client/member/partitions.ts";
import { decodeAssignment, decodeSubscription } from "../../../../src/protocol/consumer-protocol.ts";
import { errorName } from "../../../../src/protocol/errors.ts";

export function printAction(action: MemberAction): string {
  switch (action.type) {
    case "send":
      return `→ ${printRequest(action.request)}`;
    case "revoke":
      return `call onPartitionsRevoked(${words(action.partitions)})`;
    case "lose":
      return `call onPartitionsLost(${words(action.partitions)})`;
    case "assign":
      return `call onPartitionsAssigned(${words(action.partitions)})`;
    case "watch":
      return `watch ${action.topics.join(" ")}`.trimEnd();
    case "fact":
      return `fact ${printFact(action.fact)}`;
    case "fail":
      return `fail ${action.errorCode === undefined ? "" : `${errorName(action.errorCode)}: `}${action.message}`;
    case "closed":
      return "closed";
  }
}

function printRequest({ api, body }: MemberRequest): string {
  switch (api) {
    case "FindCoordinator":
      return call("FindCoordinator", []);
    case "Metadata":
      return call("Metadata", body.topics);
    case "JoinGroup":
      return call("Join", [
        body.groupInstanceId != null && `instance ${body.groupInstanceId}`,
        body.memberId !== "" && `id ${body.memberId}`,
        ...body.protocols.map(({ name, metadata }) => `${name}[${printSubscription(metadata)}]`),
        `"${body.reason}"`,
      ]);
    case "SyncGroup":
      return call("Sync", [
        `gen ${body.generationId}`,
        ...body.assignments.map(({ memberId, assignment }) => `${memberId}: ${printAssignment(assignment)}`),
      ]);
    case "Heartbeat":
      return call("Heartbeat", [`gen ${body.generationId}`, body.maxWaitMs > 0 && `wait ${body.maxWaitMs} ms`]);
    case "LeaveGroup":
      return call("Leave", [body.memberId, `"${body.reason}"`]);
  }
}

function printSubscription(metadata: Uint8Array): string {
  const { topics, ownedPartitions, generationId, rackId } = decodeSubscription(metadata);
  const owns = ownedPartitions.length > 0 ? ` owns ${words(flat(ownedPartitions))}` : "";
  const generation = generationId < 0 ? "" : ` of gen ${generationId}`;
  return `${topics.join(" ")}${owns}${generation}${rackId === null ? "" : ` rack ${rackId}`}`;
}

function printAssignment(bytes: Uint8Array): string {
  return words(flat(decodeAssignment(bytes).assignedPartitions));
}

function printFact(fact: MemberFact): string {
  switch (fact.type) {
    case "MemberRebalanceStarted":
      return `rebalance of gen ${fact.fromGeneration}: ${fact.reason}`;
    case "MembershipEnded":
      return `${fact.memberId} is out of gen ${fact.generation}: ${fact.reason}`;
    case "MemberRebalanceCompleted": {
      const paused = fact.pauses.filter(({ pauseMs }) => pauseMs > 0);
      const parts = [
        `rebalanced gen ${fact.fromGeneration} → ${fact.toGeneration} in ${fact.durationMs} ms`,
        fact.isLeader && "as leader",
        fact.revoked.length > 0 && `revoked ${words(fact.revoked)}`,
        fact.lost.length > 0 && `lost ${words(fact.lost)}`,
        fact.assigned.length > 0 && `assigned ${words(fact.assigned)}`,
        ...paused.map(({ topic, partition, pauseMs }) => `${topic}-${partition} stood still ${pauseMs} ms`),
      ];
      return parts.filter(Boolean).join(", ");
    }
  }
}

/** "orders 0 1 + payments 0" */
function words(partitions: Partitions): string {
  return (
    byTopic(partitions)
      .map(({ topic, partitions: of }) => [topic, ...of].join(" "))
      .join(" + ") || "nothing"
  );
}

function call(name: string, args: readonly (string | false)[]): string {
  const given = args.filter((arg) => arg !== false);
  return given.length === 0 ? name : `${name}(${given.join(", ")})`;
}
