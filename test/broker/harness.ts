/** A broker over the memory log in virtual time, and clients that speak frames with it. */
import { type Broker, createBroker } from "../../src/broker/broker.ts";
import { BrokerConfig } from "../../src/broker/config.ts";
import type { BrokerConnection } from "../../src/broker/connection.ts";
import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { CreateTopics } from "../../src/protocol/apis/create-topics.ts";
import { FindCoordinator } from "../../src/protocol/apis/find-coordinator.ts";
import { decodeResponseFrame, encodeRequestFrame } from "../../src/protocol/frame.ts";
import { batches, encodeBatch, type NewBatch, type NewRecord, readRecords } from "../../src/protocol/records/batch.ts";
import type { Api, RequestInput, ResponseOf } from "../../src/protocol/schema.ts";
import { seededRng } from "../../src/testing/seeded-rng.ts";
import { settle, VirtualClock } from "../support/virtual-clock.ts";

export interface BrokerUnderTest {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  readonly log: Log;
  connect(clientId?: string): Client;
}

export interface BrokerSetup {
  readonly config?: Readonly<Record<string, string>>;
  /** A log that an earlier broker has filled. */
  readonly log?: Log;
}

const quiet = { debug() {}, info() {}, warn() {} };
/** What is logged as an error is a defect: it fails the test that runs. */
const logger = {
  ...quiet,
  error(fields: object, message: string) {
    throw new Error(message, { cause: (fields as { err?: unknown }).err });
  },
};

export async function startBroker({ config = {}, log }: BrokerSetup = {}): Promise<BrokerUnderTest> {
  const clock = new VirtualClock();
  const platform = nodePlatform;
  const storage = log ?? neverClosed(openMemoryLog({ platform }));
  const given = new Map(Object.entries({ "group.initial.rebalance.delay.ms": "0", ...config }));
  const broker = createBroker({
    clock,
    rng: seededRng(),
    platform,
    log: storage,
    config: new BrokerConfig(given),
    logger,
  });
  await broker.start(new Map([["PLAINTEXT", { host: "broker.test", port: 9092 }]]));
  return { broker, clock, log: storage, connect: (clientId = "client") => new Client(broker, clientId) };
}

/** What a file would be: a broker that stops leaves its log to the next one. */
function neverClosed(log: Log): Log {
  return {
    partitions: () => log.partitions(),
    get: (topic, partition) => log.get(topic, partition),
    create: (at, config) => log.create(at, config),
    delete: (topic, partition) => log.delete(topic, partition),
    clean: (wallMs) => log.clean(wallMs),
    close: async () => {},
  };
}

/** One connection. Requests may be sent ahead; answers come in their order. */
export class Client {
  readonly #connection: BrokerConnection;
  readonly #clientId: string;
  readonly #awaited: ((frame: Uint8Array) => void)[] = [];
  #correlationId = 0;
  /** Why the broker closed the connection; undefined while it is open. */
  closedBecause: string | undefined;
  /** Frames that came without having been awaited. */
  readonly unawaited: Uint8Array[] = [];

  constructor(broker: Broker, clientId: string) {
    this.#clientId = clientId;
    this.#connection = broker.connect({
      clientHost: "127.0.0.1",
      listener: "PLAINTEXT",
      send: (pieces) => this.#received(Buffer.concat(pieces)),
      close: (reason) => {
        this.closedBecause = reason;
      },
      isBehind: false,
      pauseReading() {},
    });
  }

  send<A extends Api>(api: A, version: number, request: RequestInput<A>): void {
    const framing = { correlationId: ++this.#correlationId, clientId: this.#clientId };
    const frame = Buffer.concat(encodeRequestFrame(api, version, framing, request));
    this.#connection.receive(new Uint8Array(frame.subarray(4)));
  }

  ask<A extends Api>(api: A, version: number, request: RequestInput<A>): Promise<ResponseOf<A>> {
    const answered = new Promise<ResponseOf<A>>((resolve) => {
      this.#awaited.push((frame) => resolve(decodeResponseFrame(api, version, frame.subarray(4)).response));
    });
    this.send(api, version, request);
    return answered;
  }

  leave(): void {
    this.#connection.closed();
  }

  #received(frame: Uint8Array): void {
    const next = this.#awaited.shift();
    if (next === undefined) this.unawaited.push(frame);
    else next(frame);
  }
}

/** @returns whether the promise is still open after all that could go on has gone on. */
export async function isParked(promise: Promise<unknown>): Promise<boolean> {
  let isOpen = true;
  void promise.then(() => {
    isOpen = false;
  });
  await settle();
  return isOpen;
}

export async function createTopic(
  { broker, connect }: BrokerUnderTest,
  name: string,
  numPartitions = 1,
  configs: Readonly<Record<string, string>> = {},
): Promise<string> {
  const created = await connect().ask(CreateTopics, 7, {
    topics: [
      {
        name,
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
    timeoutMs: 1000,
  });
  const [topic] = created.topics;
  if (topic?.errorCode !== 0) throw new Error(`${name}: error ${topic?.errorCode} ${topic?.errorMessage}`);
  await settle();
  if (!broker.services.partition(name, 0).ok) throw new Error(`${name} was created and has no log`);
  return topic.topicId;
}

/** Has `__consumer_offsets` made and its shards loaded. */
export async function openCoordinator(client: Client): Promise<void> {
  const { coordinators } = await client.ask(FindCoordinator, 6, { keyType: 0, coordinatorKeys: ["any"] });
  if (coordinators[0]?.errorCode !== 0) throw new Error(`no coordinator: ${coordinators[0]?.errorCode}`);
  await settle();
}

/** A batch of records with these values, as a producer sends it. */
export function batchOf(values: readonly string[], options: Partial<NewBatch> = {}): Uint8Array {
  const records = values.map((value, index): NewRecord => {
    return { timestamp: Date.UTC(2026, 0, 1, 10) + index, key: Buffer.from(value), value: Buffer.from(value) };
  });
  return encodeBatch({ records, ...options }, nodePlatform);
}

/** The values of all records in what a fetch brought. */
export function valuesOf(records: Uint8Array | null): string[] {
  const values: string[] = [];
  for (const batch of batches(records ?? new Uint8Array(0))) {
    for (const { value } of readRecords(batch, nodePlatform)) values.push(Buffer.from(value ?? []).toString());
  }
  return values;
}
