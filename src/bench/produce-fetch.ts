/**
 * Produce and Fetch over loopback: a broker in a process of its own, closed-loop clients here.
 *
 *     node src/bench/produce-fetch.ts
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodePlatform } from "../platform/node-platform.ts";
import { CreateTopics } from "../protocol/apis/create-topics.ts";
import { Fetch } from "../protocol/apis/fetch.ts";
import { Produce } from "../protocol/apis/produce.ts";
import { encodeRequestFrame } from "../protocol/frame.ts";
import { encodeBatch } from "../protocol/records/batch.ts";
import type { Api, RequestInput } from "../protocol/schema.ts";
import { type BrokerProcess, startBroker } from "./start-broker.ts";

const secondsEach = 3;
const partitionCount = 64;

/** A connection that sends the same frame again as soon as it is answered. */
class Loop {
  readonly #socket: Socket;
  readonly #frame: Uint8Array;
  #head = Buffer.alloc(0);
  #missing = 0;
  #sentMs = 0;
  #onAnswer: (() => void) | undefined;
  isOver = false;
  answers = 0;
  bytes = 0;
  readonly latenciesMs: number[] = [];

  constructor(port: number, frame: Uint8Array) {
    this.#frame = frame;
    this.#socket = connect(port, "127.0.0.1").setNoDelay(true);
    this.#socket.on("data", (chunk: Buffer) => this.#received(chunk));
  }

  send(): void {
    this.#sentMs = performance.now();
    this.#socket.write(this.#frame);
  }

  async once(): Promise<void> {
    this.isOver = true;
    const answered = new Promise<void>((resolve) => {
      this.#onAnswer = resolve;
    });
    this.send();
    await answered;
    this.end();
  }

  end(): void {
    this.isOver = true;
    this.#socket.destroy();
  }

  #received(chunk: Buffer): void {
    this.bytes += chunk.length;
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#missing === 0) {
        rest = this.#head.length > 0 ? Buffer.concat([this.#head, rest]) : rest;
        this.#head = rest.length < 4 ? Buffer.from(rest) : Buffer.alloc(0);
        if (rest.length < 4) return;
        this.#missing = rest.readInt32BE(0);
        rest = rest.subarray(4);
      }
      const taken = Math.min(this.#missing, rest.length);
      this.#missing -= taken;
      rest = rest.subarray(taken);
      if (this.#missing === 0) this.#answered();
    }
  }

  #answered(): void {
    this.answers++;
    this.latenciesMs.push(performance.now() - this.#sentMs);
    this.#onAnswer?.();
    if (!this.isOver) this.send();
  }
}

function frameOf<A extends Api>(api: A, version: number, request: RequestInput<A>): Uint8Array {
  return Buffer.concat(encodeRequestFrame(api, version, { correlationId: 1, clientId: "bench" }, request));
}

function produceFrame(partition: number, valueBytes: number): Uint8Array {
  const timestamp = Date.now();
  const value = Buffer.alloc(Math.min(valueBytes, 1000), "v");
  const records = Array.from({ length: Math.ceil(valueBytes / 1000) }, () => ({ key: null, value, timestamp }));
  const partitionData = [{ index: partition, records: encodeBatch({ records }, nodePlatform) }];
  const topicData = [{ name: "bench", partitionData }];
  return frameOf(Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 30_000, topicData });
}

function fetchFrame(partition: number, maxBytes: number): Uint8Array {
  const partitions = [{ partition, fetchOffset: 0, partitionMaxBytes: maxBytes }];
  return frameOf(Fetch, 12, { maxWaitMs: 500, minBytes: 1, maxBytes, topics: [{ topic: "bench", partitions }] });
}

/** User and system time of a process so far; Linux counts it in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function measure(what: string, server: BrokerProcess, count: number, frame: (index: number) => Uint8Array) {
  const loops = Array.from({ length: count }, (_, index) => new Loop(server.port, frame(index)));
  const cpuBefore = cpuSeconds(server.process.pid!);
  const startMs = performance.now();
  for (const loop of loops) loop.send();
  await new Promise((resolve) => setTimeout(resolve, secondsEach * 1000));
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = cpuSeconds(server.process.pid!) - cpuBefore;
  for (const loop of loops) loop.end();
  const answers = loops.reduce((sum, loop) => sum + loop.answers, 0);
  const received = loops.reduce((sum, loop) => sum + loop.bytes, 0);
  const moved = Math.max(received, answers * frame(0).length);
  const latencies = loops.flatMap((loop) => loop.latenciesMs).sort((a, b) => a - b);
  const percentile = (share: number) => (latencies[Math.floor(latencies.length * share)] ?? Number.NaN).toFixed(2);
  console.log(
    `${what.padEnd(34)} ${Math.round(answers / seconds)}/s`.padEnd(46),
    `${(moved / seconds / 1e6).toFixed(0)} MB/s`.padStart(9),
    `p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms`.padStart(30),
    `CPU ${((cpu / answers) * 1e6).toFixed(1)} µs each`.padStart(22),
  );
}

async function bench(engine: string, args: readonly string[]): Promise<void> {
  const server = await startBroker(args);
  console.log(`${engine}:`);
  const topics = [{ name: "bench", numPartitions: partitionCount, replicationFactor: 1, assignments: [], configs: [] }];
  await new Loop(server.port, frameOf(CreateTopics, 5, { topics, timeoutMs: 10_000 })).once();
  for (const count of [1, 8, 64]) {
    await measure(`produce 200 B, ${count} connections`, server, count, (index) => produceFrame(index, 200));
  }
  for (const [bytes, count] of [
    [16_000, 4],
    [128_000, 4],
  ] as const) {
    await measure(`produce ${bytes / 1000} kB, ${count} connections`, server, count, (index) =>
      produceFrame(index, bytes),
    );
  }
  for (const count of [1, 4]) {
    await measure(`fetch 1 MB, ${count} connections`, server, count, (index) => fetchFrame(index, 1_048_576));
  }
  for (const count of [1, 64]) {
    await measure(`fetch one batch, ${count} connections`, server, count, (index) => fetchFrame(index, 1));
  }
  server.process.kill("SIGTERM");
  await once(server.process, "exit");
}

await bench("memory", ["--ephemeral"]);
const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
await bench("file, durable before the answer", ["-o", `log.dirs=${folder}`]);
await rm(folder, { recursive: true });
