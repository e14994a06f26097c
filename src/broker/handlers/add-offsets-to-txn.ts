import type { AddOffsetsToTxn } from "../../protocol/apis/add-offsets-to-txn.ts";
import type { Handler } from "../context.ts";
import { askTransaction, fencedAs } from "../transactions.ts";

/** The partition of `__consumer_offsets` that holds a group joins a transaction, as any other partition does. */
export const addOffsetsToTxn: Handler<typeof AddOffsetsToTxn> = async (request, context) => {
  const { transactionalId, producerId, producerEpoch, groupId } = request;
  const topics = [{ name: "__consumer_offsets", partitions: [context.broker.groupPartition(groupId)] }];
  const producer = { transactionalId, producerId, producerEpoch };
  const asked = { ...producer, topics, verifyOnly: false, transactionVersion: 0 } as const;
  const outcome = await askTransaction("AddPartitions", transactionalId, asked, context);
  const errorCode = outcome.ok ? outcome.reply.topics[0]!.partitions[0]!.errorCode : outcome.errorCode;
  return { errorCode: fencedAs(errorCode, context.version >= 2) };
};
