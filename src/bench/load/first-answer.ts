/** How soon a broker that is starting answers. */
import { setTimeout as pause } from "node:timers/promises";
import { FindCoordinator } from "../../protocol/apis/find-coordinator.ts";
import { Metadata } from "../../protocol/apis/metadata.ts";
import { OffsetFetch } from "../../protocol/apis/offset-fetch.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { nowMs } from "./latencies.ts";
import { LostError, Wire } from "./wire.ts";

const againMs = 1;
/** Kafka takes 15 s after a kill; who asks for ever takes the processor from what is measured next. */
const givenUpAfterMs = 80_000;

/** Tries again on new connections until it is answered: a broker that starts may refuse them, or reset them. */
async function tried<T>(server: string, ask: (wire: Wire) => Promise<T | undefined>): Promise<T> {
  const endMs = nowMs() + givenUpAfterMs;
  while (nowMs() < endMs) {
    const wire = await Wire.open(server).catch(() => undefined);
    try {
      for (; wire !== undefined && nowMs() < endMs; await pause(againMs)) {
        const told = await ask(wire);
        if (told !== undefined) return told;
      }
    } catch (error) {
      if (!(error instanceof LostError)) throw error;
    } finally {
      wire?.close();
    }
    await pause(againMs);
  }
  throw new Error(`${server} has not answered for ${givenUpAfterMs / 1000} s`);
}

/** @returns milliseconds since `sinceMs` until Metadata names the broker. */
export async function untilMetadata(server: string, sinceMs: number): Promise<number> {
  return tried(server, async (wire) => {
    const { brokers } = await wire.ask(Metadata, 9, { topics: [], allowAutoTopicCreation: false });
    return brokers.length > 0 ? nowMs() - sinceMs : undefined;
  });
}

/** @returns milliseconds since `sinceMs` until the committed offset of the group is told. */
export async function untilOffset(server: string, groupId: string, topic: string, sinceMs: number): Promise<number> {
  return tried(server, async (wire) => {
    const found = await wire.ask(FindCoordinator, 3, { key: groupId, keyType: 0 });
    if (found.errorCode !== ErrorCode.NONE) return undefined;
    const topics = [{ name: topic, partitionIndexes: [0] }];
    const { errorCode, topics: told } = await wire.ask(OffsetFetch, 7, { groupId, topics });
    if (errorCode !== ErrorCode.NONE) return undefined;
    if ((told[0]?.partitions[0]?.committedOffset ?? -1) < 0) throw new Error(`the offset of ${groupId} is lost`);
    return nowMs() - sinceMs;
  });
}
