import type { FindCoordinator } from "../../protocol/apis/find-coordinator.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler, RequestContext } from "../context.ts";

const keyTypes = { group: 0, transaction: 1 } as const;

/**
 * Who coordinates a group: this broker, once `__consumer_offsets` is there, which the first who asks has made (rule 1).
 * Transactions are not served yet: a producer that asks for their coordinator is refused for good, with the reason,
 * rather than told to try again until it gives up.
 */
export const findCoordinator: Handler<typeof FindCoordinator> = async (request, context) => {
  const found = await find(request.keyType, context);
  if (context.version < 4) return found;
  // With several keys the message stands for an error only.
  const errorMessage = found.errorCode === ErrorCode.NONE ? "" : found.errorMessage;
  return { coordinators: request.coordinatorKeys.map((key) => ({ ...found, errorMessage, key })) };
};

async function find(keyType: number, { broker, connection }: RequestContext) {
  if (keyType === keyTypes.transaction) {
    return refuse(ErrorCode.UNSUPPORTED_VERSION, "Transactions are not supported by this broker.");
  }
  if (keyType !== keyTypes.group) {
    return refuse(ErrorCode.INVALID_REQUEST, `There is no coordinator of type ${keyType} here.`);
  }
  const errorCode = await broker.ensureInternalTopic("__consumer_offsets");
  if (errorCode !== ErrorCode.NONE) return refuse(errorCode, "The coordinator is not available.");
  return { errorCode, errorMessage: "NONE", nodeId: broker.nodeId, ...broker.endpoint(connection.listener) };
}

function refuse(errorCode: ErrorCode, errorMessage: string) {
  return { errorCode, errorMessage, nodeId: -1, host: "", port: -1 };
}
