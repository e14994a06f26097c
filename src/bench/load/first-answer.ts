/** How soon a broker that is starting answers. */
import { setTimeout as pause } from "node:timers/promises";
import { FindCoordinator } from "../../protocol/apis/find-coordinator.ts";
import { Metadata } from "../../protocol/apis/metadata.ts";
import { OffsetFetch } from "../../protocol/apis/offset-fetch.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { nowMs } from "./latencies.ts";
import { Wire } from "./wire.ts";

const againMs = 1;

/** Tries until the broker can be connected to. */
async function connected(server: string): Promise<Wire> {
  for (;;) {
    try {
      return await Wire.open(server);
    } catch {
      await pause(againMs);
    }
  }
}

/** @returns milliseconds since `sinceMs` until Metadata names the broker. */
export async function untilMetadata(server: string, sinceMs: number): Promise<number> {
  const wire = await connected(server);
  for (;;) {
    const { brokers } = await wire.ask(Metadata, 9, { topics: [], allowAutoTopicCreation: false });
    if (brokers.length > 0) break;
    await pause(againMs);
  }
  wire.close();
  return nowMs() - sinceMs;
}

/** @returns milliseconds since `sinceMs` until the committed offset of the group is told. */
export async function untilOffset(server: string, groupId: string, topic: string, sinceMs: number): Promise<number> {
  const wire = await connected(server);
  for (;;) {
    const found = await wire.ask(FindCoordinator, 3, { key: groupId, keyType: 0 });
    if (found.errorCode === ErrorCode.NONE) {
      const topics = [{ name: topic, partitionIndexes: [0] }];
      const { errorCode, topics: told } = await wire.ask(OffsetFetch, 7, { groupId, topics });
      const offset = told[0]?.partitions[0]?.committedOffset ?? -1;
      if (errorCode === ErrorCode.NONE && offset >= 0) break;
      if (errorCode === ErrorCode.NONE) throw new Error(`the offset of ${groupId} is lost`);
    }
    await pause(againMs);
  }
  wire.close();
  return nowMs() - sinceMs;
}
