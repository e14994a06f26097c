/**
 * What groups cost: one of 10,000 members, 10,000 of one member, 100,000 that hold only offsets. The runtime, its
 * records and the memory engine are in it; the wire is not. `npm run bench -- group`.
 *
 * On a shared machine with 2 cores, Node 26.10: a heartbeat takes 2.5 µs of CPU in a group of 10,000 as
 * in one of one member; a first join and its sync 30 µs each; a load 3 µs an offset, 8 µs a member. A member takes
 * 1.7 KB of memory, a group of one member 2.7 KB, a group of offsets 0.65 KB, the log's own bytes included.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Runtime } from "../coordinator/runtime.ts";
import { groupConfigDefaults } from "../group/config.ts";
import type { GroupFact } from "../group/facts.ts";
import { GroupCoordinator } from "../group/group-coordinator.ts";
import type { GroupRecord } from "../group/record.ts";
import { groupRecordCodec } from "../group/record-codec.ts";
import type { GroupRequests } from "../group/requests.ts";
import type { GroupTimer } from "../group/shard.ts";
import { defaultLogConfig } from "../log/config.ts";
import type { PartitionLog } from "../log/log.ts";
import { openMemoryLog } from "../log/memory/memory-log.ts";
import { nodePlatform } from "../platform/node-platform.ts";
import { encodeAssignment, encodeSubscription } from "../protocol/consumer-protocol.ts";
import { zeroUuid } from "../protocol/schema.ts";
import { installUtf8 } from "../protocol/utf8.ts";
import { readFlags } from "./flags.ts";

readFlags({});
installUtf8(nodePlatform);
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const client = { clientId: "consumer-orders-1", clientHost: "/127.0.0.1" };
const topics = 4;
const partitionsPerMember = 4;

const subscribed = encodeSubscription({
  topics: Array.from({ length: topics }, (_, i) => `orders-of-region-${i}`),
  userData: null,
  ownedPartitions: [],
  generationId: -1,
  rackId: null,
});

function assignment(member: number): Uint8Array {
  const partitions = Array.from({ length: partitionsPerMember }, (_, i) => member * partitionsPerMember + i);
  return encodeAssignment({ assignedPartitions: [{ topic: "orders-of-region-0", partitions }], userData: null });
}

class Bench {
  readonly #runtime: Runtime<GroupRequests, GroupRecord, GroupTimer, GroupFact>;
  readonly #log: PartitionLog;
  facts = 0;

  private constructor(log: PartitionLog) {
    this.#log = log;
    this.#runtime = new Runtime({
      clock: {
        now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
        after: (delayMs, callback) => {
          const timer = setTimeout(callback, delayMs);
          return () => clearTimeout(timer);
        },
      },
      rng: { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) },
      platform: nodePlatform,
      codec: groupRecordCodec,
      machine: () => new GroupCoordinator({ ...groupConfigDefaults, groupInitialRebalanceDelayMs: 0 }),
      onFact: () => void this.facts++,
      onFailure: (_partition, error) => {
        throw error;
      },
    });
  }

  static async open(): Promise<Bench> {
    const log = openMemoryLog({ platform: nodePlatform });
    const config = { ...defaultLogConfig, maxMessageBytes: 64 * 1024 * 1024 };
    const partition = await log.create({ topic: "__consumer_offsets", partition: 0, topicId: zeroUuid }, config);
    const bench = new Bench(partition);
    await bench.load(1);
    return bench;
  }

  load(leaderEpoch: number): Promise<void> {
    return this.#runtime.load(0, this.#log, leaderEpoch);
  }

  async ask<K extends keyof GroupRequests>(
    type: K,
    request: GroupRequests[K]["request"],
  ): Promise<GroupRequests[K]["reply"]> {
    const answer = await this.#runtime.submit(0, type, request);
    const errorCode = answer.ok ? (answer.reply as { errorCode?: number }).errorCode : answer.errorCode;
    if (!answer.ok || (errorCode ?? 0) !== 0) throw new Error(`${type}: error ${errorCode}`);
    return answer.reply;
  }

  stop(): void {
    this.#runtime.stop();
  }

  join(groupId: string, memberId = "") {
    const body = {
      groupId,
      sessionTimeoutMs: 1_800_000,
      rebalanceTimeoutMs: 300_000,
      memberId,
      groupInstanceId: null,
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: subscribed }],
      reason: null,
    };
    return this.ask("JoinGroup", { version: 3, ...client, body });
  }

  sync(groupId: string, generationId: number, memberId: string, plan: readonly string[] = []) {
    const assignments = plan.map((id, at) => ({ memberId: id, assignment: assignment(at) }));
    const who = { groupId, generationId, memberId, groupInstanceId: null, protocolType: null, protocolName: null };
    return this.ask("SyncGroup", { version: 4, ...client, body: { ...who, assignments } });
  }

  heartbeat(groupId: string, generationId: number, memberId: string) {
    const body = { groupId, generationId, memberId, groupInstanceId: null, maxWaitMs: 0 };
    return this.ask("Heartbeat", { version: 4, ...client, body });
  }

  commit(groupId: string, committedOffset: number) {
    const partition = { partitionIndex: 0, committedOffset, committedLeaderEpoch: 3, committedMetadata: "" };
    const topic = { name: "orders-of-region-0", topicId: zeroUuid, partitions: [partition] };
    const who = { groupId, generationIdOrMemberEpoch: -1, memberId: "", groupInstanceId: null, retentionTimeMs: -1 };
    return this.ask("OffsetCommit", { version: 9, ...client, body: { ...who, topics: [topic] } });
  }
}

interface Row {
  readonly what: string;
  /** Of all threads: what others on the machine do does not count. */
  readonly "CPU, ms": number;
  readonly "µs each": number;
}

const rows: Row[] = [];

async function measure<T>(what: string, count: number, run: () => Promise<T>): Promise<T> {
  const start = process.cpuUsage();
  const result = await run();
  const { user, system } = process.cpuUsage(start);
  rows.push({ what, "CPU, ms": Math.round((user + system) / 1000), "µs each": round((user + system) / count) });
  return result;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

function heapBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** What is held in memory for each of `count`, the log's own bytes in it. */
function tellMemory(what: string, count: number, before: number): void {
  const bytesInAll = heapBytes() - before;
  console.log(
    `${what}: ${(bytesInAll / 1e6).toFixed(1)} MB, ${Math.round(bytesInAll / count)} bytes each, log included`,
  );
}

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

async function oneLargeGroup(size: number): Promise<void> {
  const before = heapBytes();
  const bench = await Bench.open();
  const of = `${size} members in one group`;
  const joined = await measure(`${of}: first join`, size, () => Promise.all(range(size).map(() => bench.join("g"))));
  const ids = joined.map(({ memberId }) => memberId);
  const leader = joined[0]!.leader;
  const syncAll = (generation: number) =>
    Promise.all(ids.map((id) => bench.sync("g", generation, id, id === leader ? ids : [])));
  await measure(`${of}: sync`, size, () => syncAll(1));
  tellMemory(of, size, before);
  const beats = 20;
  await measure(`${of}: heartbeat`, size * beats, async () => {
    for (let i = 0; i < beats; i++) await Promise.all(ids.map((id) => bench.heartbeat("g", 1, id)));
  });
  const rejoin = () => Promise.all([leader, ...ids.filter((id) => id !== leader)].map((id) => bench.join("g", id)));
  await measure(`${of}: rejoin`, size, rejoin);
  await measure(`${of}: sync again`, size, () => syncAll(2));
  bench.stop();
  await measure(`${of}: load`, size, () => bench.load(2));
  bench.stop();
}

async function manySmallGroups(count: number): Promise<void> {
  const before = heapBytes();
  const bench = await Bench.open();
  const of = `${count} groups of one member`;
  const joined = await measure(`${of}: join`, count, () =>
    Promise.all(range(count).map((i) => bench.join(`group-${i}`))),
  );
  const ids = joined.map(({ memberId }) => memberId);
  await measure(`${of}: sync`, count, () => Promise.all(ids.map((id, i) => bench.sync(`group-${i}`, 1, id, [id]))));
  tellMemory(of, count, before);
  const beats = 20;
  await measure(`${of}: heartbeat`, count * beats, async () => {
    for (let i = 0; i < beats; i++) await Promise.all(ids.map((id, at) => bench.heartbeat(`group-${at}`, 1, id)));
  });
  bench.stop();
  await measure(`${of}: load`, count, () => bench.load(2));
  tellMemory(`${of}, after a load`, count, before);
  bench.stop();
}

async function manyOffsets(count: number): Promise<void> {
  const before = heapBytes();
  const bench = await Bench.open();
  const of = `${count} groups of offsets only`;
  await measure(`${of}: commit`, count, async () => {
    for (let at = 0; at < count; at += 1000) {
      await Promise.all(range(1000).map((i) => bench.commit(`group-of-offsets-${at + i}`, 1_000_000 + at)));
    }
  });
  tellMemory(of, count, before);
  await measure(`${of}: list`, count, () => {
    return bench.ask("ListGroups", { version: 5, ...client, body: { statesFilter: [], typesFilter: [] } });
  });
  bench.stop();
  await measure(`${of}: load`, count, () => bench.load(2));
  tellMemory(`${of}, after a load`, count, before);
  bench.stop();
}

await oneLargeGroup(100);
rows.length = 0;
await oneLargeGroup(100);
await oneLargeGroup(10_000);
await manySmallGroups(10_000);
await manyOffsets(100_000);
console.table(rows);
