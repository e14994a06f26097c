import type { WriteTxnMarkers, WriteTxnMarkersRequest } from "../../protocol/apis/write-txn-markers.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { Handler, RequestContext } from "../context.ts";

type AskedMarker = WriteTxnMarkersRequest["markers"][number];

interface Written {
  readonly producerId: number;
  readonly name: string;
  readonly partitionIndex: number;
  readonly errorCode: ErrorCode;
}

/**
 * Ends transactions in partitions that this broker leads (KIP-98): for the coordinator of another broker, or for an
 * operator who ends a hanging one (KIP-664). As in Kafka each producer is answered once, also of several markers.
 */
export const writeTxnMarkers: Handler<typeof WriteTxnMarkers> = async ({ markers }, context) => {
  const written = await Promise.all(markers.flatMap((marker) => write(marker, context)));
  const byProducer = Map.groupBy(written, ({ producerId }) => producerId);
  return { markers: Array.from(byProducer, ([producerId, its]) => ({ producerId, topics: byTopic(its) })) };
};

function write(asked: AskedMarker, { broker }: RequestContext): Promise<Written>[] {
  const { transactionResult, producerId, producerEpoch, coordinatorEpoch, transactionVersion, topics } = asked;
  const type = transactionResult ? "COMMIT" : "ABORT";
  const marker = { type, producerId, producerEpoch, coordinatorEpoch, transactionVersion } as const;
  return topics.flatMap(({ name, partitionIndexes }) =>
    partitionIndexes.map(async (partitionIndex) => {
      return { producerId, name, partitionIndex, errorCode: await broker.writeTxnMarker(name, partitionIndex, marker) };
    }),
  );
}

/** Of markers in the same partition the last one tells. */
function byTopic(written: readonly Written[]) {
  return Array.from(
    Map.groupBy(written, ({ name }) => name),
    ([name, its]) => {
      const errors = new Map(its.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode]));
      return { name, partitions: Array.from(errors, ([partitionIndex, errorCode]) => ({ partitionIndex, errorCode })) };
    },
  );
}
