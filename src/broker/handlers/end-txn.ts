import type { EndTxn } from "../../protocol/apis/end-txn.ts";
import type { Handler } from "../context.ts";
import { askTransaction, fencedAs } from "../transactions.ts";

/** A producer commits or aborts; since version 5 it goes on under the epoch that it is told (KIP-890). */
export const endTxn: Handler<typeof EndTxn> = async (request, context) => {
  const { version } = context;
  const asked = { ...request, transactionVersion: version >= 5 ? 2 : 0 } as const;
  const outcome = await askTransaction("EndTransaction", request.transactionalId, asked, context);
  if (!outcome.ok) return { errorCode: outcome.errorCode };
  return { ...outcome.reply, errorCode: fencedAs(outcome.reply.errorCode, version >= 2) };
};
