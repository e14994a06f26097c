/** Producers that keep a number of requests under way, each with a batch for some of the partitions. */
import { Produce } from "../../protocol/apis/produce.ts";
import { errorName } from "../../protocol/errors.ts";
import { decodeResponseFrame } from "../../protocol/frame.ts";
import type { CompressionType } from "../../protocol/platform.ts";
import { Latencies, nowMs } from "./latencies.ts";
import { type Batch, batchOf, makeTopic } from "./topic.ts";
import { frameOf, openWires, type Wire } from "./wire.ts";

const version = 9;

export interface ProduceOptions {
  readonly server: string;
  readonly topic: string;
  readonly partitions: number;
  readonly valueBytes: number;
  /** As the client's batch.size. */
  readonly batchBytes: number;
  /** Partitions that one request has a batch for. */
  readonly perRequest: number;
  readonly connections: number;
  /** As the client's max.in.flight.requests.per.connection. */
  readonly inFlight: number;
  readonly acks: number;
  readonly compression: CompressionType;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Ends earlier when so many records are acknowledged. */
  readonly records?: number;
}

export const produceDefaults = {
  partitions: 4,
  valueBytes: 1000,
  batchBytes: 16_384,
  perRequest: 4,
  connections: 4,
  inFlight: 5,
  acks: -1,
  compression: "none",
  warmUpSeconds: 1,
  seconds: 3,
} as const satisfies Partial<ProduceOptions>;

export interface Throughput {
  readonly perSecond: number;
  readonly megabytesPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

function frameFor({ topic, acks }: ProduceOptions, { bytes }: Batch, partitions: readonly number[]): Uint8Array {
  const partitionData = partitions.map((index) => ({ index, records: bytes }));
  const topicData = [{ name: topic, partitionData }];
  return frameOf(Produce, version, { transactionalId: null, acks, timeoutMs: 30_000, topicData });
}

/** All partitions, `perRequest` at a time. */
function framesFor(options: ProduceOptions, batch: Batch): Uint8Array[] {
  const { partitions, perRequest } = options;
  const frames: Uint8Array[] = [];
  for (let first = 0; first < partitions; first += perRequest) {
    const some = Array.from({ length: Math.min(perRequest, partitions - first) }, (_, at) => first + at);
    frames.push(frameFor(options, batch, some));
  }
  return frames;
}

function throwIfRefused(answer: Buffer): number {
  const { response } = decodeResponseFrame(Produce, version, answer);
  let partitions = 0;
  for (const { partitionResponses } of response.responses) {
    for (const { errorCode } of partitionResponses) {
      if (errorCode !== 0) throw new Error(`a produce failed: ${errorName(errorCode)}`);
      partitions++;
    }
  }
  return partitions;
}

export async function produce(options: ProduceOptions): Promise<Throughput> {
  const { server, connections, inFlight, warmUpSeconds, seconds } = options;
  await makeTopic(server, options.topic, options.partitions);
  const batch = batchOf(options.valueBytes, options.batchBytes, options.compression);
  const frames = framesFor(options, batch);
  const wires = await openWires(server, connections);
  const latencies = new Latencies();
  const beginMs = nowMs() + warmUpSeconds * 1000;
  const endMs = beginMs + seconds * 1000;
  let batches = 0;
  let lastMs = beginMs;
  const isEnough = () => options.records !== undefined && batches * batch.records >= options.records;

  const drive = (wire: Wire, at: number) =>
    new Promise<void>((resolve) => {
      const sentMs: number[] = [];
      let next = Math.floor((at * frames.length) / wires.length);
      const send = () => {
        sentMs.push(nowMs());
        wire.send(frames[next++ % frames.length]!);
      };
      wire.onAnswer = (answer) => {
        const atMs = nowMs();
        const taken = throwIfRefused(answer);
        const ms = atMs - sentMs.shift()!;
        if (atMs >= beginMs && atMs < endMs) {
          batches += taken;
          lastMs = atMs;
          latencies.add(ms);
        }
        if (atMs < endMs && !isEnough()) send();
        else if (sentMs.length === 0) resolve();
      };
      for (let n = 0; n < inFlight; n++) send();
    });
  await Promise.all(wires.map(drive));
  for (const wire of wires) wire.close();
  const perSecond = (batches * batch.records * 1000) / ((isEnough() ? lastMs : endMs) - beginMs);
  const { p50, p99 } = latencies.percentiles();
  return { perSecond, megabytesPerSecond: (perSecond * options.valueBytes) / 1e6, p50, p99 };
}

/** Fills a topic with about so many records, spread over its partitions. */
export async function fill(options: Omit<ProduceOptions, "warmUpSeconds" | "seconds"> & { records: number }) {
  return produce({ ...options, warmUpSeconds: 0, seconds: 120 });
}
