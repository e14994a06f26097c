/**
 * What a heartbeat and a commit leave on the heap, from frame in to frame out, sockets not included. A program, since
 * only flags of V8 make the numbers exact: one thread compiles at the same requests in each run, and nothing is
 * collected that it did not ask for.
 *
 *     node --expose-gc --single-threaded --initial-heap-size=512 \
 *       --min-semi-space-size=64 --max-semi-space-size=64 test/broker/allocating.ts
 *
 * It prints bytes for each request: {"heartbeat":1043,"commit":5837,"commitToFile":10600}.
 */
import { GCProfiler } from "node:v8";
import { openFileLog } from "../../src/log/file/recovery.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { Heartbeat } from "../../src/protocol/apis/heartbeat.ts";
import { JoinGroup } from "../../src/protocol/apis/join-group.ts";
import { OffsetCommit } from "../../src/protocol/apis/offset-commit.ts";
import { SyncGroup } from "../../src/protocol/apis/sync-group.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { decodeResponseFrame, encodeRequestFrame } from "../../src/protocol/frame.ts";
import type { Api, RequestInput, ResponseOf } from "../../src/protocol/schema.ts";
import { installUtf8 } from "../../src/protocol/utf8.ts";
import { machineClock } from "../../src/server/machine-clock.ts";
import { type BrokerUnderTest, createTopic, openCoordinator, startBroker } from "./harness.ts";

/** What they leave has its place in the young generation. After so many rounds V8 has compiled all that it will. */
const requestsPerRound = 2000;
const warmUpRounds = 25;

const groupId = "billing";
const clientId = "consumer-billing-1";

interface Member {
  readonly groupId: string;
  readonly memberId: string;
  readonly generationId: number;
}

/** The only member of its group, Stable. */
async function joined({ connect, clock }: BrokerUnderTest): Promise<Member> {
  const client = connect(clientId);
  const join = async (memberId: string) => {
    const protocols = [{ name: "range", metadata: Buffer.from("orders") }];
    const times = { sessionTimeoutMs: 45_000, rebalanceTimeoutMs: 300_000 };
    const joining = client.ask(JoinGroup, 9, { groupId, memberId, ...times, protocolType: "consumer", protocols });
    await clock.advance(0); // the first rebalance waits, if only for no time
    return joining;
  };
  const named = await join("");
  const { memberId, generationId } = await join(named.memberId);
  const assignments = [{ memberId, assignment: Buffer.from("all") }];
  const protocol = { protocolType: "consumer", protocolName: "range" };
  const synced = await client.ask(SyncGroup, 5, { groupId, memberId, generationId, assignments, ...protocol });
  if (synced.errorCode !== ErrorCode.NONE) throw new Error(`no member: error ${synced.errorCode}`);
  return { groupId, memberId, generationId };
}

/** Sends one frame again and again, the next when the one before is answered and its connection at rest. */
class Sender<A extends Api> {
  readonly #api: A;
  readonly #version: number;
  readonly #frame: Uint8Array;
  readonly #connection;
  #left = 0;
  #isAnswered = true;
  #answer: Uint8Array = new Uint8Array();
  #done = () => {};

  constructor({ broker }: BrokerUnderTest, api: A, version: number, request: RequestInput<A>) {
    this.#api = api;
    this.#version = version;
    const pieces = encodeRequestFrame(api, version, { correlationId: 1, clientId }, request);
    this.#frame = new Uint8Array(Buffer.concat(pieces).subarray(4));
    this.#connection = broker.connect({
      clientHost: "127.0.0.1",
      listener: "PLAINTEXT",
      isBehind: false,
      send: (answer) => {
        this.#answer = answer[0]!;
        this.#isAnswered = true;
      },
      flush: () => this.#goOn(),
      close: (reason) => {
        throw new Error(reason);
      },
      pauseReading() {},
    });
  }

  get lastAnswer(): ResponseOf<A> {
    return decodeResponseFrame(this.#api, this.#version, this.#answer.subarray(4)).response;
  }

  /** A promise for each request would be counted too. */
  send(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#left = count;
      this.#done = resolve;
      this.#goOn();
    });
  }

  #goOn(): void {
    while (this.#isAnswered && this.#left > 0) {
      this.#left--;
      this.#isAnswered = false;
      this.#connection.receive(this.#frame);
    }
    if (this.#isAnswered && this.#left === 0) this.#done();
  }
}

async function bytesPerRequest<A extends Api>(sender: Sender<A>): Promise<number> {
  for (let round = 0; round < warmUpRounds; round++) {
    await sender.send(requestsPerRound);
    globalThis.gc!({ type: "minor" }); // a major one throws away what is compiled for objects that nobody has just now
  }
  const collections = new GCProfiler();
  collections.start();
  const before = process.memoryUsage().heapUsed;
  await sender.send(requestsPerRound);
  const after = process.memoryUsage().heapUsed;
  const { statistics } = collections.stop();
  if (statistics.length > 0) throw new Error("some was collected while it counted: is it more than has its place?");
  return Math.round((after - before) / requestsPerRound);
}

async function heartbeatBytes(under: BrokerUnderTest, member: Member): Promise<number> {
  const sender = new Sender(under, Heartbeat, 4, member);
  const bytes = await bytesPerRequest(sender);
  const { errorCode } = sender.lastAnswer;
  if (errorCode !== ErrorCode.NONE) throw new Error(`heartbeat: error ${errorCode}`);
  return bytes;
}

/** Of one partition. */
async function commitBytes(under: BrokerUnderTest, { generationId, ...member }: Member): Promise<number> {
  const partitions = [{ partitionIndex: 0, committedOffset: 123_456, committedMetadata: "" }];
  const topics = [{ name: "orders", partitions }];
  const sender = new Sender(under, OffsetCommit, 9, { ...member, generationIdOrMemberEpoch: generationId, topics });
  const bytes = await bytesPerRequest(sender);
  const errorCode = sender.lastAnswer.topics[0]?.partitions[0]?.errorCode;
  if (errorCode !== ErrorCode.NONE) throw new Error(`commit: error ${errorCode}`);
  return bytes;
}

async function startWithMember(under: BrokerUnderTest): Promise<Member> {
  await openCoordinator(under.connect());
  await createTopic(under, "orders");
  const member = await joined(under);
  under.clock.now = machineClock.now; // its numbers are garbage too; alarms still do not ring
  return member;
}

installUtf8(nodePlatform); // as the server does
const under = await startBroker();
const member = await startWithMember(under);
const heartbeat = await heartbeatBytes(under, member);
const commit = await commitBytes(under, member);
const log = await openFileLog({ platform: nodePlatform, folder: "data", disk: new MemoryDisk() });
const onFile = await startBroker({ log });
const commitToFile = await commitBytes(onFile, await startWithMember(onFile));
console.log(JSON.stringify({ heartbeat, commit, commitToFile }));
