/** Consumers that read partitions from the beginning, again and again; each connection has one fetch under way. */
import { Fetch } from "../../protocol/apis/fetch.ts";
import { errorName } from "../../protocol/errors.ts";
import type { CompressionType } from "../../protocol/platform.ts";
import { type FetchHead, readFetchHead } from "./fetch-head.ts";
import { Latencies, nowMs } from "./latencies.ts";
import { fill, produceDefaults, type Throughput } from "./produce.ts";
import { batchOf, makeTopic } from "./topic.ts";
import { frameOf, openWires, Wire } from "./wire.ts";

export interface ConsumeOptions {
  readonly server: string;
  readonly topic: string;
  readonly partitions: number;
  readonly valueBytes: number;
  readonly batchBytes: number;
  readonly compression: CompressionType;
  /** That the topic is filled with beforehand. */
  readonly records: number;
  readonly connections: number;
  /** As the client's max.partition.fetch.bytes. */
  readonly maxBytes: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export const consumeDefaults = {
  partitions: 4,
  valueBytes: 1000,
  batchBytes: 16_384,
  compression: "none",
  records: 200_000,
  connections: 4,
  maxBytes: 1_048_576,
  warmUpSeconds: 1,
  seconds: 3,
} as const satisfies Partial<ConsumeOptions>;

const version = 12;

export function fetchFrame(topic: string, partition: number, fetchOffset: number, maxBytes: number, maxWaitMs = 500) {
  const partitions = [{ partition, fetchOffset, partitionMaxBytes: maxBytes }];
  return frameOf(Fetch, version, { maxWaitMs, minBytes: 1, maxBytes, topics: [{ topic, partitions }] });
}

/** By a run before this one. */
async function isFilled({ server, topic, partitions, records }: ConsumeOptions): Promise<boolean> {
  await makeTopic(server, topic, partitions);
  const wire = await Wire.open(server);
  const answered = new Promise<FetchHead>((resolve) => {
    wire.onAnswer = (answer) => resolve(readFetchHead(answer, topic));
  });
  wire.send(fetchFrame(topic, 0, 0, 1, 0));
  const { highWatermark } = await answered;
  wire.close();
  return highWatermark > 0.9 * (records / partitions);
}

export async function consume(options: ConsumeOptions): Promise<Throughput> {
  const { server, topic, partitions, connections, maxBytes, warmUpSeconds, seconds } = options;
  if (!(await isFilled(options))) await fill({ ...produceDefaults, ...options, perRequest: Math.min(partitions, 10) });
  const batch = batchOf(options.valueBytes, options.batchBytes, options.compression);
  const wires = await openWires(server, connections, 256);
  const latencies = new Latencies();
  const beginMs = nowMs() + warmUpSeconds * 1000;
  const endMs = beginMs + seconds * 1000;
  let records = 0;

  const drive = (wire: Wire, at: number) =>
    new Promise<void>((resolve) => {
      /** Of the partitions that this connection reads in turn, where it is. */
      const places = Array.from({ length: partitions }, (_, partition) => ({ partition, offset: 0 }));
      const mine = places.filter(({ partition }) => partitions < connections || partition % connections === at);
      let turn = at % mine.length;
      let sentMs = 0;
      const send = () => {
        sentMs = nowMs();
        const { partition, offset } = mine[turn]!;
        wire.send(fetchFrame(topic, partition, offset, maxBytes));
      };
      wire.onAnswer = (answer) => {
        const atMs = nowMs();
        const head: FetchHead = readFetchHead(answer, topic);
        if (head.errorCode !== 0) throw new Error(`a fetch failed: ${errorName(head.errorCode)}`);
        const place = mine[turn]!;
        const read = Math.floor(head.recordsBytes / batch.bytes.length) * batch.records;
        if (read === 0) throw new Error(`nothing at ${place.offset} below ${head.highWatermark}`);
        place.offset = place.offset + read >= head.highWatermark ? 0 : place.offset + read;
        turn = (turn + 1) % mine.length;
        if (atMs >= beginMs && atMs < endMs) {
          records += read;
          latencies.add(atMs - sentMs);
        }
        if (atMs < endMs) send();
        else resolve();
      };
      send();
    });
  await Promise.all(wires.map(drive));
  for (const wire of wires) wire.close();
  const perSecond = records / seconds;
  const { p50, p99 } = latencies.percentiles();
  return { perSecond, megabytesPerSecond: (perSecond * options.valueBytes) / 1e6, p50, p99 };
}
