import type { DescribeTransactions } from "../../protocol/apis/describe-transactions.ts";
import { nothing } from "../../transaction/listing.ts";
import type { Handler, RequestContext } from "../context.ts";
import { askTransaction } from "../transactions.ts";

export const describeTransactions: Handler<typeof DescribeTransactions> = async ({ transactionalIds }, context) => {
  const transactionStates = await Promise.all(transactionalIds.map((id) => describe(id, context)));
  return { transactionStates };
};

async function describe(transactionalId: string, context: RequestContext) {
  const outcome = await askTransaction("Describe", transactionalId, { transactionalId }, context);
  if (!outcome.ok) return { ...nothing, transactionalId, errorCode: outcome.errorCode };
  const topics = outcome.reply.topics.map(({ name: topic, partitions }) => ({ topic, partitions: [...partitions] }));
  return { ...outcome.reply, topics };
}
