/** Connections that commit offsets one after the other, each for its group. */
import { OffsetCommit } from "../../protocol/apis/offset-commit.ts";
import { ErrorCode, errorName } from "../../protocol/errors.ts";
import { decodeResponseFrame } from "../../protocol/frame.ts";
import { coordinate } from "./coordinator.ts";
import { Latencies, nowMs } from "./latencies.ts";
import { makeTopic } from "./topic.ts";
import { frameOf, openWires, type Wire } from "./wire.ts";

export interface CommitOptions {
  readonly server: string;
  readonly topic: string;
  readonly connections: number;
  readonly groups: number;
  /** Of a commit. */
  readonly partitions: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export const commitDefaults = {
  connections: 64,
  groups: 64,
  partitions: 1,
  warmUpSeconds: 1,
  seconds: 3,
} as const satisfies Partial<CommitOptions>;

const version = 8;

export function commitFrame(groupId: string, topic: string, count: number, committedOffset: number): Uint8Array {
  const partitions = Array.from({ length: count }, (_, partitionIndex) => {
    return { partitionIndex, committedOffset, committedMetadata: "" };
  });
  return frameOf(OffsetCommit, version, { groupId, memberId: "", topics: [{ name: topic, partitions }] });
}

export function throwIfNotCommitted(answer: Buffer): void {
  const { response } = decodeResponseFrame(OffsetCommit, version, answer);
  for (const { partitions } of response.topics) {
    for (const { errorCode } of partitions) {
      if (errorCode !== ErrorCode.NONE) throw new Error(`a commit failed: ${errorName(errorCode)}`);
    }
  }
}

export async function commits(options: CommitOptions) {
  const { server, topic, connections, groups, partitions, warmUpSeconds, seconds } = options;
  await makeTopic(server, topic, partitions);
  const names = Array.from({ length: groups }, (_, at) => `bench-group-${at}`);
  for (const name of names) await coordinate(server, name);
  const wires = await openWires(server, connections);
  const latencies = new Latencies();
  const beginMs = nowMs() + warmUpSeconds * 1000;
  const endMs = beginMs + seconds * 1000;

  const drive = (wire: Wire, at: number) =>
    new Promise<void>((resolve) => {
      const frame = commitFrame(names[at % groups]!, topic, partitions, 1_000_000 + at);
      let sentMs = 0;
      const send = () => {
        sentMs = nowMs();
        wire.send(frame);
      };
      wire.onAnswer = (answer) => {
        const atMs = nowMs();
        throwIfNotCommitted(answer);
        if (sentMs >= beginMs && atMs < endMs) latencies.add(atMs - sentMs);
        if (atMs < endMs) send();
        else resolve();
      };
      send();
    });
  await Promise.all(wires.map(drive));
  for (const wire of wires) wire.close();
  return { perSecond: latencies.count / seconds, ...latencies.percentiles() };
}
