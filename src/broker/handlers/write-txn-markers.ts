import type { WriteTxnMarkers, WriteTxnMarkersRequest } from "../../protocol/apis/write-txn-markers.ts";
import type { Handler, RequestContext } from "../context.ts";

type AskedMarker = WriteTxnMarkersRequest["markers"][number];
type AskedTopic = AskedMarker["topics"][number];

/**
 * Ends transactions in partitions that this broker leads (KIP-98): for the coordinator of another broker, or for an
 * operator who ends a hanging one (KIP-664).
 */
export const writeTxnMarkers: Handler<typeof WriteTxnMarkers> = async ({ markers }, context) => ({
  markers: await Promise.all(
    markers.map(async (marker) => ({
      producerId: marker.producerId,
      topics: await Promise.all(marker.topics.map((topic) => writeTopic(topic, marker, context))),
    })),
  ),
});

async function writeTopic({ name, partitionIndexes }: AskedTopic, asked: AskedMarker, { broker }: RequestContext) {
  const { transactionResult, producerId, producerEpoch, coordinatorEpoch, transactionVersion } = asked;
  const type = transactionResult ? "COMMIT" : "ABORT";
  const marker = { type, producerId, producerEpoch, coordinatorEpoch, transactionVersion } as const;
  const partitions = partitionIndexes.map(async (partitionIndex) => {
    return { partitionIndex, errorCode: await broker.writeTxnMarker(name, partitionIndex, marker) };
  });
  return { name, partitions: await Promise.all(partitions) };
}
