/** Where the brokers' logs lie: on the disk of the only one, or shared by several, fenced by leader epoch. */
import type { Disk } from "../log/disk.ts";
import { openFileLog } from "../log/file/recovery.ts";
import type { Log, LogConfig, PartitionLog } from "../log/log.ts";
import { type Crash, MemoryDisk } from "../log/memory-disk.ts";
import { metadataTopic } from "../metadata/topic-names.ts";
import type { BrokerNode } from "./broker-node.ts";
import type { Cluster } from "./cluster.ts";
import { type Deposition, Depositions } from "./depositions.ts";
import type { Loss } from "./plan.ts";
import { AppendOrder } from "./power-failure.ts";
import { Process } from "./process.ts";
import type { Random } from "./random.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { offsetsTopic } from "./topics.ts";

export interface Storage {
  open(node: BrokerNode, failed: () => void): Promise<Log>;
  /** The broker knows its topics; it may lead. */
  started(node: BrokerNode): void;
  died(node: BrokerNode): void;
  leaderOf(shard: number): BrokerNode | undefined;
  /** Another leads in its place, since when it has it itself not led again. */
  depositionOf(node: BrokerNode, shard: number): Deposition | undefined;
  /** Another broker leads the shard, if there is one. */
  move(shard: number, heardAfterMs: number): void;
  /** A fault of the world may make a broker report this. */
  mayFail(cause: string): boolean;
  /** What the next death of the broker does to its disk. */
  nextLoss: Loss;
  /** The disk fails so many writes from now. */
  failAfter(writes: number): void;
  /** Power fails where several brokers have their log; they live on. */
  crash(loses: Loss, backAfterMs: number): void;
  /** A partition has taken something. */
  took(partition: PartitionLog): void;
  /** Looks at what would be left of the log if power failed now. */
  checkPowerFailure(loses: Loss): void;
}

/** Where no append waits for the disk, a crash is one of the process only. */
function afterCrash(memory: MemoryDisk, loses: Loss, { plan }: Cluster, random: Random): MemoryDisk {
  if (loses === "nothing" || plan.flushIntervalMessages > 1) return memory.crash({ kind: "kill" });
  return memory.crash(powerFailure(loses, random));
}

function powerFailure(loses: Loss, random: Random): Crash {
  return { kind: "power", survives: () => loses === "some" && random.chance(0.5) };
}

/** Small, so that a few minutes see many files. */
const sizes = { journalFileBytes: 64 * 1024, hotTailBytes: 64 * 1024, maxOpenFiles: 16 };
/** Worlds of small segments see checkpoints too. */
const segmentsPerCheckpoint = 3;

type TopicPartitionId = Parameters<Log["create"]>[0];

/** A log whose partitions are looked at, or are somewhere else. */
function withPartitions(log: Log, partitions: Pick<Log, "get" | "create">): Log {
  return {
    partitions: () => log.partitions(),
    get: (topic, partition) => partitions.get(topic, partition),
    create: (at, config) => partitions.create(at, config),
    delete: (topic, partition) => log.delete(topic, partition),
    clean: (wallMs) => log.clean(wallMs),
    close: () => log.close(),
  };
}

/** The disk of one broker, and the log that lies there. */
class BrokerDisk {
  readonly #cluster: Cluster;
  readonly #random: Random;
  #memory = new MemoryDisk();
  #disk: SimulatedDisk | undefined;

  constructor(cluster: Cluster, random: Random) {
    this.#cluster = cluster;
    this.#random = random;
  }

  open({ process }: BrokerNode, failed: () => void): Promise<Log> {
    this.#disk = new SimulatedDisk(this.#memory, process, this.#random, this.#cluster.plan.disk);
    return openFileLog({ ...this.#options(this.#disk), wallMs: process.now().wallMs, onFailure: failed });
  }

  /** As a broker would find it that is started after the power has failed now. */
  openAfterPowerFailure(loses: Loss): Promise<Log> {
    return openFileLog(this.#options(this.#memory.after(powerFailure(loses, this.#random.fork("power")))));
  }

  #options(disk: Disk) {
    const { plan, world } = this.#cluster;
    const { segmentBytes, flushIntervalMessages } = plan;
    const checkpointBytes = segmentsPerCheckpoint * segmentBytes;
    return { ...sizes, disk, platform: world.platform, folder: "data", checkpointBytes, flushIntervalMessages };
  }

  died(loses: Loss): void {
    this.#memory = afterCrash(this.#memory, loses, this.#cluster, this.#random);
  }

  failAfter(writes: number): void {
    if (this.#disk !== undefined) this.#disk.writesUntilFailure = writes;
  }
}

/** Every partition of the broker's own log is looked at, but that of its metadata. */
function watchedLog(cluster: Cluster, node: BrokerNode, log: Log): Log {
  const watched = new Map<PartitionLog, PartitionLog>();
  const watch = (partition: PartitionLog) => {
    if (partition.topic === metadataTopic) return partition;
    const known = watched.get(partition) ?? cluster.watched(node, partition);
    watched.set(partition, known);
    return known;
  };
  return withPartitions(log, {
    get: (topic, partition) => {
      const found = log.get(topic, partition);
      return found && watch(found);
    },
    create: async (at, config) => watch(await log.create(at, config)),
  });
}

export function ownStorage(cluster: Cluster): Storage {
  return new OwnStorage(cluster);
}

class OwnStorage implements Storage {
  nextLoss: Loss = "unsynced";
  readonly #cluster: Cluster;
  readonly #disk: BrokerDisk;
  readonly #order = new AppendOrder();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#disk = new BrokerDisk(cluster, cluster.world.random.fork("disk"));
  }

  async open(node: BrokerNode, failed: () => void): Promise<Log> {
    const log = await this.#disk.open(node, failed);
    this.#order.opened(log);
    return watchedLog(this.#cluster, node, log);
  }

  started(): void {}

  died(): void {
    this.#disk.died(this.nextLoss);
  }

  took(partition: PartitionLog): void {
    if (this.#cluster.plan.flushIntervalMessages > 1) this.#order.took(partition);
  }

  checkPowerFailure(loses: Loss): void {
    const { world, consumption } = this.#cluster;
    const invariant = "what power leaves was so at one moment";
    const order = this.#order.copy();
    world.wentAsync();
    this.#disk.openAfterPowerFailure(loses).then(
      (left) => {
        const difference = order.differenceTo(left, consumption.deleted);
        if (difference !== undefined) world.violated(invariant, difference);
      },
      (error) => world.violated(invariant, `the log cannot be opened: ${error}`),
    );
  }

  depositionOf(): undefined {}

  leaderOf(): BrokerNode | undefined {
    const broker = this.#cluster.brokers[0]!;
    return broker.isUp ? broker : undefined;
  }

  move(): void {}

  crash(): void {}

  mayFail(cause: string): boolean {
    return cause.includes("the disk failed a write") || cause.includes("the storage lost the answer");
  }

  failAfter(writes: number): void {
    this.#disk.failAfter(writes);
  }
}

export function sharedStorage(cluster: Cluster): Storage {
  return new SharedStorage(cluster);
}

interface Leader {
  readonly node: BrokerNode;
  readonly epoch: number;
}

class SharedStorage implements Storage {
  nextLoss: Loss = "nothing";
  readonly #cluster: Cluster;
  readonly #random;
  #memory = new MemoryDisk();
  #process: Process | undefined;
  #log: Promise<Log> | undefined;
  /** Power has failed, or the log is being opened again. */
  #isDown = false;
  /** By shard. A log may forget who led without appending: the cluster does not. */
  readonly #epochs = new Map<number, number>();
  /** What each broker has for itself: its metadata, and the partitions of topics. */
  readonly #own = new Map<BrokerNode, BrokerDisk>();
  readonly #partitions = new Map<number, Promise<PartitionLog>>();
  readonly #known = new Map<number, PartitionLog>();
  readonly #leaders = new Map<number, Leader>();
  readonly #depositions = new Depositions();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#random = cluster.world.random.fork("storage");
  }

  async open(node: BrokerNode, failed: () => void): Promise<Log> {
    const disk = this.#own.get(node) ?? new BrokerDisk(this.#cluster, this.#cluster.world.random.fork(node.name));
    this.#own.set(node, disk);
    const own = watchedLog(this.#cluster, node, await disk.open(node, failed));
    // Before it is told what it leads, a broker leads nothing: what it appends is under an epoch that is over.
    const over = -1;
    return withPartitions(own, {
      get: (topic, partition) => {
        if (topic !== offsetsTopic) return own.get(topic, partition);
        const found = this.#known.get(partition);
        return found && this.#cluster.watched(node, found, over);
      },
      create: async (at, config) => {
        if (at.topic !== offsetsTopic) return own.create(at, config);
        return this.#cluster.watched(node, await this.#create(at, config), over);
      },
    });
  }

  #create(at: TopicPartitionId, config: LogConfig): Promise<PartitionLog> {
    let partition = this.#partitions.get(at.partition);
    if (partition === undefined) {
      partition = this.#opened().then((log) => log.create(at, config));
      this.#partitions.set(at.partition, partition);
      void partition.then((made) => this.#known.set(at.partition, made));
    }
    return partition;
  }

  #opened(): Promise<Log> {
    this.#log ??= this.#open();
    return this.#log;
  }

  #open(): Promise<Log> {
    const { world, plan } = this.#cluster;
    this.#process = new Process(world, "storage", { rate: 1, wallAheadMs: 0 });
    const disk = new SimulatedDisk(this.#memory, this.#process, this.#random, plan.disk);
    const { flushIntervalMessages } = plan;
    return openFileLog({ disk, platform: world.platform, folder: "shared", ...sizes, flushIntervalMessages });
  }

  took(): void {}

  checkPowerFailure(): void {}

  /** Nobody leads until the log is open again; what was appended and not told to be durable may be gone. */
  crash(loses: Loss, backAfterMs: number): void {
    const { world, brokers, plan } = this.#cluster;
    if (this.#isDown || this.#known.size < plan.shards) return;
    this.#isDown = true;
    for (const [shard, { node }] of this.#leaders) this.#deposed(shard, node);
    this.#leaders.clear();
    const over = new Map(this.#epochs);
    for (const node of brokers) {
      for (let shard = 0; shard < plan.shards; shard++) this.#cluster.groupLeads.forget(node, shard);
      const { process } = node;
      const shards = Array.from(over, ([shard, epoch]) => ({ shard, epoch, of: this.depositionOf(node, shard) }));
      // Who stalls hears of it later, and may lead again by then.
      process.deliver(() => {
        if (node.broker === undefined) return;
        for (const { shard, epoch, of } of shards) {
          node.resign(shard, epoch);
          if (of !== undefined) of.hasHeard = true;
        }
      });
    }
    this.#process!.die();
    this.#memory = afterCrash(this.#memory, loses, this.#cluster, this.#random);
    world.after(backAfterMs, () => {
      world.wentAsync();
      this.#log = this.#open();
      void this.#log.then((log) => this.#isOpen(log));
    });
  }

  #isOpen(log: Log): void {
    const { brokers } = this.#cluster;
    this.#isDown = false;
    for (const shard of this.#known.keys()) {
      this.#known.set(shard, log.get(offsetsTopic, shard)!);
      const up = brokers.filter(({ isUp }) => isUp);
      if (up.length > 0) this.#assign(shard, this.#random.pick(up));
    }
  }

  #resignAll(node: BrokerNode): void {
    for (let shard = 0; shard < this.#cluster.plan.shards; shard++) node.resign(shard, Number.POSITIVE_INFINITY);
  }

  started(node: BrokerNode): void {
    this.#resignAll(node);
    for (let shard = 0; shard < this.#cluster.plan.shards; shard++) this.#cluster.groupLeads.forget(node, shard);
    this.#cluster.world.after(0, () => {
      if (this.#isDown) return;
      for (let shard = 0; shard < this.#cluster.plan.shards; shard++) {
        if (this.#leaders.get(shard) === undefined && node.isUp) this.#assign(shard, node);
      }
    });
  }

  died(node: BrokerNode): void {
    const { world } = this.#cluster;
    this.#own.get(node)?.died(this.nextLoss);
    for (let shard = 0; shard < this.#cluster.plan.shards; shard++) this.#depositions.end(node, shard);
    for (const [shard, leader] of this.#leaders) {
      if (leader.node !== node) continue;
      world.after(this.#random.between(200, 5000), () => {
        if (this.#leaders.get(shard) !== leader) return;
        const other = this.#other(leader.node);
        if (other === undefined) this.#leaders.delete(shard);
        else this.#assign(shard, other);
      });
    }
  }

  leaderOf(shard: number): BrokerNode | undefined {
    return this.#leaders.get(shard)?.node;
  }

  move(shard: number, heardAfterMs: number): void {
    const old = this.#leaders.get(shard);
    const node = this.#other(old?.node);
    if (node === undefined || this.#isDown) return;
    this.#assign(shard, node);
    if (old === undefined) return;
    const { process } = old.node;
    const deposition = this.depositionOf(old.node, shard);
    this.#cluster.world.after(heardAfterMs, () =>
      process.deliver(() => {
        // It has led again since, and may have been deposed again: that it has not heard.
        if (deposition === undefined || this.depositionOf(old.node, shard) !== deposition) return;
        old.node.resign(shard, old.epoch);
        this.#cluster.groupLeads.forget(old.node, shard);
        deposition.hasHeard = true;
      }),
    );
  }

  #other(than: BrokerNode | undefined): BrokerNode | undefined {
    const others = this.#cluster.brokers.filter((each) => each.isUp && each !== than);
    return others.length === 0 ? undefined : this.#random.pick(others);
  }

  #assign(shard: number, node: BrokerNode): void {
    const partition = this.#known.get(shard);
    if (partition === undefined) throw new Error(`${offsetsTopic}-${shard} was never made`);
    const epoch = Math.max(partition.leaderEpoch, this.#epochs.get(shard) ?? 0) + 1;
    this.#epochs.set(shard, epoch);
    partition.becomeLeader(epoch);
    const before = this.#leaders.get(shard)?.node;
    if (before !== undefined && before !== node) this.#deposed(shard, before);
    this.#depositions.end(node, shard);
    this.#leaders.set(shard, { node, epoch });
    this.#cluster.world.tell(() => `${node.name} leads ${offsetsTopic}-${shard} from epoch ${epoch} on`);
    const log = this.#cluster.watched(node, partition, epoch);
    const topic = { name: offsetsTopic, topicId: partition.topicId, isInternal: true, partitions: [] };
    node.lead({ topic, partition: shard, leaderEpoch: epoch, log });
  }

  #deposed(shard: number, node: BrokerNode): void {
    if (node.process.isAlive) this.#depositions.begin(node, shard, this.#cluster.ledger.acknowledged());
  }

  depositionOf(node: BrokerNode, shard: number): Deposition | undefined {
    return this.#depositions.of(node, shard);
  }

  mayFail(cause: string): boolean {
    return cause.includes("the storage lost the answer") || cause.includes("fenced-leader-epoch");
  }

  failAfter(writes: number): void {
    this.#cluster.failingAppends = Number.isFinite(writes) ? this.#cluster.failingAppends + 1 : 0;
  }
}
