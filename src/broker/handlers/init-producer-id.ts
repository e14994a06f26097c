import type { InitProducerId, InitProducerIdRequest } from "../../protocol/apis/init-producer-id.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Answer, BrokerServices, Handler, RequestContext } from "../context.ts";
import { askTransaction, fencedAs } from "../transactions.ts";

type InitProducerIdAnswer = NonNullable<Answer<typeof InitProducerId>>;

const noProducer = { producerId: -1, producerEpoch: -1 };

/**
 * An id for a producer (KIP-98): for an idempotent one always a new one, whatever id it had; for a transactional one
 * what its coordinator decides.
 */
export const initProducerId: Handler<typeof InitProducerId> = async (request, context) => {
  const { broker, version } = context;
  const refusal = refuse(request, broker);
  if (refusal) return { errorCode: refusal, ...noProducer };
  if (request.transactionalId !== null) {
    const answer = await ofTransaction(request, request.transactionalId, context);
    return { ...answer, errorCode: fencedAs(answer.errorCode as ErrorCode, version >= 4) };
  }
  const allocated = await broker.allocateProducerId();
  if (!allocated.ok) return { errorCode: allocated.errorCode, ...noProducer };
  return { errorCode: ErrorCode.NONE, producerId: allocated.reply, producerEpoch: 0 };
};

function refuse(request: InitProducerIdRequest, { config }: BrokerServices): ErrorCode {
  const { transactionalId, producerId, producerEpoch, transactionTimeoutMs } = request;
  if ((producerId === -1) !== (producerEpoch === -1) || transactionalId === "") return ErrorCode.INVALID_REQUEST;
  if (transactionalId === null) return ErrorCode.NONE;
  const isPossible = transactionTimeoutMs > 0 && transactionTimeoutMs <= config.get("transaction.max.timeout.ms");
  return isPossible ? ErrorCode.NONE : ErrorCode.INVALID_TRANSACTION_TIMEOUT;
}

async function ofTransaction(
  { transactionTimeoutMs, producerId, producerEpoch }: InitProducerIdRequest,
  transactionalId: string,
  context: RequestContext,
): Promise<InitProducerIdAnswer> {
  const missing = await context.broker.producerIdAtHand();
  if (missing) return { errorCode: missing, ...noProducer };
  const expected = producerId === -1 ? undefined : { producerId, producerEpoch };
  const asked = { transactionalId, transactionTimeoutMs, expected };
  const outcome = await askTransaction("InitProducerId", transactionalId, asked, context);
  return outcome.ok ? outcome.reply : { errorCode: outcome.errorCode, ...noProducer };
}
