/** Topics and batches of the loads. */
import { setTimeout as pause } from "node:timers/promises";
import { nodePlatform } from "../../platform/node-platform.ts";
import { CreateTopics } from "../../protocol/apis/create-topics.ts";
import { DeleteTopics } from "../../protocol/apis/delete-topics.ts";
import { ListOffsets } from "../../protocol/apis/list-offsets.ts";
import { Metadata } from "../../protocol/apis/metadata.ts";
import { ErrorCode, errorName } from "../../protocol/errors.ts";
import type { CompressionType } from "../../protocol/platform.ts";
import { encodeBatch } from "../../protocol/records/encode.ts";
import { Wire } from "./wire.ts";

export interface Batch {
  readonly bytes: Uint8Array;
  readonly records: number;
}

/** Text that compresses about as orders in JSON do. */
const words = "order paid by card shipped to the store in two parcels ";

/** As many records as fit into `batchBytes`, and at least one. */
export function batchOf(valueBytes: number, batchBytes: number, compression: CompressionType = "none"): Batch {
  const count = Math.max(1, Math.floor((batchBytes - 61) / (valueBytes + 8)));
  const timestamp = Date.now();
  const records = Array.from({ length: count }, (_, at) => {
    const text = words.slice(at % words.length) + words.repeat(Math.ceil(valueBytes / words.length));
    return {
      key: null,
      value: Buffer.from((at * 2_654_435_761).toString(36) + text).subarray(0, valueBytes),
      timestamp,
    };
  });
  return { bytes: encodeBatch({ records, compression }, nodePlatform), records: count };
}

/**
 * Makes the topic, or finds it made, and waits until all its partitions have a leader.
 * @returns whether it is new. @throws when it is there with fewer partitions: those that it lacks never had a leader.
 */
export async function makeTopic(server: string, name: string, numPartitions: number): Promise<boolean> {
  const wire = await Wire.open(server);
  const topics = [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }];
  const { topics: made } = await wire.ask(CreateTopics, 5, { topics, timeoutMs: 60_000 });
  const { errorCode } = made[0]!;
  const isNew = errorCode === ErrorCode.NONE;
  if (!isNew && errorCode !== ErrorCode.TOPIC_ALREADY_EXISTS) throw new Error(errorName(errorCode));
  const found = isNew ? numPartitions : await partitionsOf(wire, name);
  if (found < numPartitions) {
    const instead = `say --partitions ${found}, or name another topic`;
    throw new Error(`topic ${name} has ${found} partitions, the load wants ${numPartitions}: ${instead}`);
  }
  while (!(await isServed(wire, name, numPartitions))) await pause(20);
  wire.close();
  return isNew;
}

/** Of a topic that was made a moment ago, metadata may not know yet. */
async function partitionsOf(wire: Wire, name: string): Promise<number> {
  for (;;) {
    const { topics } = await wire.ask(Metadata, 9, { topics: [{ name }], allowAutoTopicCreation: false });
    const count = topics[0]!.partitions.length;
    if (count > 0) return count;
    await pause(20);
  }
}

export async function deleteTopic(server: string, name: string): Promise<void> {
  const wire = await Wire.open(server);
  const { responses } = await wire.ask(DeleteTopics, 5, { topicNames: [name], timeoutMs: 60_000 });
  wire.close();
  const { errorCode } = responses[0]!;
  if (errorCode !== ErrorCode.NONE) throw new Error(`${name} stays: ${errorName(errorCode)}`);
}

/** Metadata may name a leader before that has opened the log. */
async function isServed(wire: Wire, name: string, numPartitions: number): Promise<boolean> {
  const partitions = Array.from({ length: numPartitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -2 }));
  const { topics } = await wire.ask(ListOffsets, 5, { replicaId: -1, topics: [{ name, partitions }] });
  return topics[0]!.partitions.every(({ errorCode }) => errorCode === ErrorCode.NONE);
}
