/**
 * From when a record was meant to be sent to when a consumer has it, at a fixed rate: a broker that stands still for a
 * while is told so by all the records that were due meanwhile. Producer and consumer are threads of their own; a record
 * is known by its offset, since one connection sends them all to one partition.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Produce } from "../../protocol/apis/produce.ts";
import { fetchFrame } from "./consume.ts";
import { readFetchHead } from "./fetch-head.ts";
import { Latencies, nowMs } from "./latencies.ts";
import { batchOf, makeTopic } from "./topic.ts";
import { frameOf, Wire } from "./wire.ts";

export interface LatencyOptions {
  readonly server: string;
  /** A new one: its offsets begin at 0. */
  readonly topic: string;
  readonly perSecond: number;
  readonly valueBytes: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export const latencyDefaults = {
  perSecond: 1000,
  valueBytes: 1000,
  warmUpSeconds: 1,
  seconds: 5,
} as const satisfies Partial<LatencyOptions>;

/** What its producer does. */
export interface Plan {
  readonly options: LatencyOptions;
  readonly frame: Uint8Array;
}

export const countOf = ({ perSecond, warmUpSeconds, seconds }: LatencyOptions) =>
  Math.ceil(perSecond * (warmUpSeconds + seconds));

export async function latency(options: LatencyOptions) {
  const { server, topic, perSecond, valueBytes, warmUpSeconds } = options;
  if (!(await makeTopic(server, topic, 1))) {
    throw new Error(`topic ${topic} is there already: this load needs one of its own; name a new one, or none`);
  }
  const batch = batchOf(valueBytes, 1);
  const partitionData = [{ index: 0, records: batch.bytes }];
  const topicData = [{ name: topic, partitionData }];
  const frame = frameOf(Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 30_000, topicData });
  const wire = await Wire.open(server, 256);
  const producer = new Worker(new URL("latency-producer.ts", import.meta.url), {
    workerData: { options, frame } satisfies Plan,
  });
  const ended = once(producer, "exit");
  await once(producer, "message"); // it is connected: where the machine is busy, a thread takes its time to begin
  const startMs = nowMs() + 100;
  producer.postMessage(startMs);

  const latencies = new Latencies();
  const count = countOf(options);
  const warmUp = perSecond * warmUpSeconds;
  await new Promise<void>((resolve) => {
    let offset = 0;
    const send = () => wire.send(fetchFrame(topic, 0, offset, 1_048_576));
    wire.onAnswer = (answer) => {
      const atMs = nowMs();
      const end = offset + Math.floor(readFetchHead(answer, topic).recordsBytes / batch.bytes.length);
      for (; offset < end; offset++)
        if (offset >= warmUp) latencies.add(atMs - (startMs + (offset * 1000) / perSecond));
      if (offset < count) send();
      else resolve();
    };
    send();
  });
  await ended;
  wire.close();
  return latencies.percentiles();
}
