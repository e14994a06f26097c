import type { InitProducerId, InitProducerIdRequest } from "../../protocol/apis/init-producer-id.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";

const noProducer = { producerId: -1, producerEpoch: -1 };

/**
 * An id for an idempotent producer (KIP-98): always a new one, whatever id it had. A transactional id is refused for
 * good, as FindCoordinator refuses its coordinator: Java's producer fails at once and tells the version error.
 */
export const initProducerId: Handler<typeof InitProducerId> = async (request, { broker }) => {
  const refusal = refuse(request);
  if (refusal) return { errorCode: refusal, ...noProducer };
  const allocated = await broker.allocateProducerId();
  if (!allocated.ok) return { errorCode: allocated.errorCode, ...noProducer };
  return { errorCode: ErrorCode.NONE, producerId: allocated.reply, producerEpoch: 0 };
};

function refuse({ transactionalId, producerId, producerEpoch }: InitProducerIdRequest): ErrorCode {
  if ((producerId === -1) !== (producerEpoch === -1)) return ErrorCode.INVALID_REQUEST;
  if (transactionalId === null) return ErrorCode.NONE;
  return transactionalId === "" ? ErrorCode.INVALID_REQUEST : ErrorCode.UNSUPPORTED_VERSION;
}
