import type { FindCoordinator } from "../../protocol/apis/find-coordinator.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler, RequestContext } from "../context.ts";

const topicsByKeyType = new Map([
  [0, "__consumer_offsets"],
  [1, "__transaction_state"],
] as const) as ReadonlyMap<number, "__consumer_offsets" | "__transaction_state">;

/**
 * Who coordinates groups and transactions: this broker, once the topic is there that holds them, which the first who
 * asks has made (rule 1).
 */
export const findCoordinator: Handler<typeof FindCoordinator> = async (request, context) => {
  const found = await find(request.keyType, context);
  if (context.version < 4) return found;
  // With several keys the message stands for an error only.
  const errorMessage = found.errorCode === ErrorCode.NONE ? "" : found.errorMessage;
  return { coordinators: request.coordinatorKeys.map((key) => ({ ...found, errorMessage, key })) };
};

async function find(keyType: number, { broker, connection }: RequestContext) {
  const topic = topicsByKeyType.get(keyType);
  if (topic === undefined) {
    return refuse(ErrorCode.INVALID_REQUEST, `There is no coordinator of type ${keyType} here.`);
  }
  const errorCode = await broker.ensureInternalTopic(topic);
  if (errorCode !== ErrorCode.NONE) {
    return refuse(ErrorCode.COORDINATOR_NOT_AVAILABLE, "The coordinator is not available.");
  }
  return { errorCode, errorMessage: "NONE", nodeId: broker.nodeId, ...broker.endpoint(connection.listener) };
}

function refuse(errorCode: ErrorCode, errorMessage: string) {
  return { errorCode, errorMessage, nodeId: -1, host: "", port: -1 };
}
