/** The brokers of a world, their logs, who leads what; and what is looked at whenever one of them says something. */
import type { Broker } from "../broker/broker.ts";
import type { BrokerConnection } from "../broker/connection.ts";
import type { GroupMachine } from "../broker/group-runtime.ts";
import type { ReplyToken } from "../coordinator/machine.ts";
import { DurableState } from "../group/durable-state.ts";
import type { GroupFact } from "../group/facts.ts";
import type { GroupCoordinator } from "../group/group-coordinator.ts";
import type { CommittedOffset, GroupRecord } from "../group/record.ts";
import { coordinatorPartition } from "../protocol/hash.ts";
import { BrokerNode, type BrokerSeams } from "./broker-node.ts";
import { Consumption } from "./consumption.ts";
import { firstDifference } from "./difference.ts";
import { Ledger } from "./ledger.ts";
import { Network } from "./network.ts";
import type { Plan } from "./plan.ts";
import { type Asked, Requests } from "./requests.ts";
import { watchStep } from "./step-invariants.ts";
import { ownStorage, type Storage, sharedStorage } from "./storage.ts";
import { newTopic, offsetsTopic, transactionsTopic } from "./topics.ts";
import { Transactions } from "./transactions.ts";
import { WatchedCoordinator } from "./watched-coordinator.ts";
import { type LogEntry, replayEntry, WatchedPartition } from "./watched-partition.ts";
import type { World } from "./world.ts";

/** One broker's part in a shard of `__consumer_offsets`, since its last load. */
interface Lead {
  readonly log: WatchedPartition;
  coordinator: WatchedCoordinator | undefined;
  /** What the log's records make, replayed apart from the coordinator. */
  shadow: DurableState | undefined;
  /** Records that the log had taken from this broker when the coordinator was loaded. */
  appendedBefore: number;
}

export class Cluster {
  readonly world: World;
  readonly plan: Plan;
  readonly network: Network;
  readonly ledger: Ledger;
  readonly consumption: Consumption;
  readonly transactions: Transactions;
  /** Deleted, and not made again yet. */
  readonly goneTopics = new Set<string>();
  readonly requests: Requests;
  readonly brokers: readonly BrokerNode[];
  readonly storage: Storage;
  /** "broker/shard" */
  readonly #leads = new Map<string, Lead>();
  #current: Asked | undefined;
  #commits = 0;
  /** No faults happen any more. */
  isHealed = false;
  /** Appends whose answer will be lost. */
  failingAppends = 0;

  constructor(world: World, plan: Plan) {
    this.world = world;
    this.plan = plan;
    this.network = new Network(world, plan.network);
    this.consumption = new Consumption(world);
    this.ledger = new Ledger(world, this.consumption.deleted);
    this.transactions = new Transactions(world, this.consumption.deleted);
    this.requests = new Requests(world, this.ledger, this.transactions);
    this.storage = plan.topology === "alone" ? ownStorage(this) : sharedStorage(this);
    this.brokers = plan.brokers.map((clock, index) => new BrokerNode(world, index + 1, this.#seams(clock)));
  }

  get config(): Map<string, string> {
    const { plan } = this;
    return new Map(
      Object.entries({
        "offsets.topic.num.partitions": String(plan.shards),
        "group.initial.rebalance.delay.ms": String(plan.initialRebalanceDelayMs),
        "group.max.size": String(plan.groupMaxSize),
        "group.heartbeat.max.wait.ms": String(plan.heartbeatMaxWaitMs),
        "offsets.retention.minutes": String(plan.offsetsRetentionMinutes),
        "offsets.retention.check.interval.ms": "60000",
        "transaction.state.log.num.partitions": "2",
        "auto.create.topics.enable": "false",
        "producer.id.expiration.ms": "2147483647",
      }),
    );
  }

  start(): void {
    for (const broker of this.brokers) broker.start();
  }

  /** A number for each commit, so that each can be found again. */
  nextCommit(): number {
    return ++this.#commits;
  }

  shardOf(groupId: string): number {
    return coordinatorPartition(groupId, this.plan.shards);
  }

  /** The broker that coordinates the group, as far as anybody knows. */
  coordinatorOf(groupId: string): BrokerNode | undefined {
    return this.storage.leaderOf(this.shardOf(groupId));
  }

  /** What the coordinator of a group has in memory; undefined while none is loaded. */
  shardAt(groupId: string): WatchedCoordinator | undefined {
    const broker = this.coordinatorOf(groupId);
    if (broker === undefined || !broker.process.isAlive) return undefined;
    return this.#leads.get(`${broker.id}/${this.shardOf(groupId)}`)?.coordinator;
  }

  /** The coordinators that are at work. */
  coordinators(): WatchedCoordinator[] {
    const at = Array.from({ length: this.plan.shards }, (_, shard) => {
      const broker = this.storage.leaderOf(shard);
      return broker?.process.isAlive ? this.#leads.get(`${broker.id}/${shard}`)?.coordinator : undefined;
    });
    return at.filter((one) => one !== undefined);
  }

  /** A partition of `__consumer_offsets` for one broker, looked at. */
  watched(node: BrokerNode, log: ConstructorParameters<typeof WatchedPartition>[0], epoch?: number): WatchedPartition {
    const key = `${node.id}/${log.partition}`;
    const partition = new WatchedPartition(
      log,
      {
        appended: (records) => this.#appended(key, node, records),
        failsAppend: () => this.failingAppends > 0 && this.failingAppends-- > 0,
        segmentBytes: this.plan.segmentBytes,
        wentAsync: () => this.world.wentAsync(),
      },
      epoch,
    );
    const before = this.#leads.get(key);
    before?.log.cut();
    this.#leads.set(key, { log: partition, coordinator: undefined, shadow: undefined, appendedBefore: 0 });
    return partition;
  }

  /** The broker does not lead it any more, and knows. */
  forgetLead(node: BrokerNode, shard: number): void {
    const key = `${node.id}/${shard}`;
    this.#leads.get(key)?.log.cut();
    this.#leads.delete(key);
  }

  #seams(clock: BrokerSeams["clock"]): BrokerSeams {
    return {
      clock,
      config: this.config,
      openLog: (node, failed) => this.storage.open(node, failed),
      started: (node, broker) => this.#started(node, broker),
      died: (node) => this.#died(node),
      watch: (node) => (partition, coordinator) => this.#watch(node, partition, coordinator),
      failed: (node, message, error) => this.#failed(node, message, error),
      asked: (node, connection, frame) => this.#asked(node, connection, frame),
      answers: (node, _connection, frame) => this.#answers(node, frame),
    };
  }

  async #started(node: BrokerNode, broker: Broker): Promise<void> {
    const { metadata, metadataShard } = broker.services;
    const isMissing = (name: string) => metadata.topic(name) === undefined && !this.goneTopics.has(name);
    const missing = this.plan.topics.filter(({ name }) => isMissing(name));
    const topics = missing.map(({ name, partitions }) => newTopic(name, partitions));
    if (topics.length > 0) await metadataShard.submit("CreateTopics", { topics, validateOnly: false });
    const isTransactional = this.plan.transactional.length > 0;
    const internal = isTransactional ? ([offsetsTopic, transactionsTopic] as const) : ([offsetsTopic] as const);
    for (const name of internal) {
      const errorCode = await broker.services.ensureInternalTopic(name);
      if (errorCode !== 0) throw new Error(`${name} cannot be made: error ${errorCode}`);
    }
    await metadataShard.settled();
    this.storage.started(node);
  }

  #died(node: BrokerNode): void {
    for (const [key, lead] of this.#leads) {
      if (!key.startsWith(`${node.id}/`)) continue;
      lead.log.cut();
      this.#leads.delete(key);
    }
    this.storage.died(node);
    for (const connection of [...this.network.connections]) if (connection.broker === node) connection.break();
  }

  #failed(node: BrokerNode, message: string, error: unknown): void {
    const cause = error instanceof Error ? error.message : String(error);
    this.world.tell(() => `${node.name} reports: ${message}: ${cause}`);
    if (this.storage.mayFail(cause)) return;
    this.world.violated("a broker reports no error of its own", `${node.name}: ${message}: ${cause}`);
  }

  #watch(node: BrokerNode, partition: number, coordinator: GroupCoordinator): GroupMachine {
    const lead = this.#leads.get(`${node.id}/${partition}`);
    if (lead === undefined) return coordinator; // it does not lead any more, and is about to hear of it
    const watched = new WatchedCoordinator(coordinator, partition, node.id, {
      before: (one, step) =>
        lead.coordinator === one || step.type === "loaded"
          ? watchStep(this.world, one, step, this.plan.groupMaxSize)
          : nothing,
      loaded: (one) => this.#loaded(node, lead, one),
      fact: (fact) => this.#fact(node, fact),
      asked: (one, token) => this.#requestReached(one, token),
      replied: (one, token) => this.#replied(lead, one, token),
    });
    lead.log.loaded = [];
    lead.coordinator = undefined;
    return watched;
  }

  #loaded(node: BrokerNode, lead: Lead, coordinator: WatchedCoordinator): void {
    lead.coordinator = coordinator;
    if (lead.log.highWatermark < lead.log.readUpTo) {
      const where = `broker-${node.id}, ${offsetsTopic}-${coordinator.partition}`;
      this.world.violated("no reply before durability", `${where} serves what it read and no sync has covered`);
    }
    lead.appendedBefore = lead.log.appendedRecords;
    lead.log.durableRecords = lead.log.appendedRecords;
    const shadow = new DurableState();
    for (const entry of lead.log.loaded) replayEntry(shadow, entry);
    lead.log.loaded = [];
    lead.shadow = shadow;
    coordinator.emittedRecords = 0;
    const { durable } = coordinator.shard;
    const difference =
      firstDifference(shadow.groups, durable.groups) ??
      firstDifference(shadow.offsets, durable.offsets) ??
      firstDifference(shadow.pending.groups, durable.pending.groups);
    if (difference !== undefined) this.#otherThanReplayed(coordinator, difference);
    this.world.tell(() => `${node.name} has loaded ${offsetsTopic}-${coordinator.partition}`);
    this.ledger.loaded(durable, (groupId) => this.shardOf(groupId) === coordinator.partition);
  }

  #otherThanReplayed({ broker, partition }: WatchedCoordinator, difference: string): void {
    const where = `broker-${broker}, ${offsetsTopic}-${partition}: ${difference}`;
    this.world.violated("replay of the log gives the durable state", where);
  }

  #appended(key: string, node: BrokerNode, entries: readonly LogEntry[]): void {
    const { world } = this;
    const lead = this.#leads.get(key)!;
    const shadow = lead.shadow!;
    const nowWallMs = node.process.now().wallMs;
    if (this.storage.leaderOf(lead.log.partition) !== node && node.isUp) {
      world.violated(
        "a deposed coordinator changes nothing",
        `${node.name} appends to ${offsetsTopic}-${lead.log.partition}`,
      );
    }
    for (const entry of entries) {
      if (world.isTold) world.tell(() => `  log ${describeEntry(entry)}`);
      if ("record" in entry) {
        this.ledger.appended(entry.record, nowWallMs, this.plan.offsetsRetentionMinutes * 60_000, shadow);
      }
      replayEntry(shadow, entry);
    }
    const { coordinator } = lead;
    if (coordinator === undefined) return;
    const appended = lead.log.appendedRecords - lead.appendedBefore;
    if (appended !== coordinator.emittedRecords) return; // more is on its way
    for (const entry of entries) if ("record" in entry) this.#compare(coordinator, shadow, entry.record);
  }

  #compare(coordinator: WatchedCoordinator, shadow: DurableState, record: GroupRecord): void {
    const { durable } = coordinator.shard;
    const of = (state: DurableState) =>
      record.type === "OffsetCommit"
        ? state.committed(record.group, record.topic, record.partition)
        : state.groups.get(record.group);
    const [replayed, has] = [of(shadow), of(durable)];
    if (record.type === "OffsetCommit" && isSameOffset(replayed as CommittedOffset, has as CommittedOffset)) return;
    const difference = firstDifference(replayed, has);
    if (difference !== undefined) this.#otherThanReplayed(coordinator, `${record.group}: ${difference}`);
  }

  #fact(node: BrokerNode, fact: GroupFact): void {
    this.world.tell(() => `  ${node.name}: ${JSON.stringify(fact)}`);
  }

  #asked(node: BrokerNode, connection: BrokerConnection, frame: Uint8Array): void {
    this.world.trace.bytes(frame);
    const asked = this.requests.of(frame, 4);
    if (this.world.isTold) this.world.tell(() => `${asked?.client} → ${node.name} ${asked?.words()}`);
    this.#current = asked;
    if (asked !== undefined) this.requests.arrived(asked);
    connection.receive(frame);
    this.#current = undefined;
  }

  #requestReached(coordinator: WatchedCoordinator, token: ReplyToken): void {
    const asked = this.#current;
    if (asked === undefined) return;
    this.#current = undefined; // one request to one shard
    asked.token = { coordinator, token };
    coordinator.requests.set(token, asked);
  }

  /** The answer rests on all that was emitted so far. */
  #replied(lead: Lead, coordinator: WatchedCoordinator, token: ReplyToken): void {
    const asked = coordinator.requests.get(token);
    if (asked === undefined) return;
    coordinator.requests.delete(token);
    asked.rests = { log: lead.log, onRecords: lead.appendedBefore + coordinator.emittedRecords };
  }

  #answers(node: BrokerNode, frame: Uint8Array): void {
    this.world.trace.bytes(frame);
    const leads = (groupId: string) => this.coordinatorOf(groupId) === node;
    this.requests.answered(frame, node.name, leads);
  }
}

const nothing = () => {};

/** What is compared most often, without a detour. */
function isSameOffset(a: CommittedOffset | undefined, b: CommittedOffset | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const isSame = a.offset === b.offset && a.metadata === b.metadata && a.leaderEpoch === b.leaderEpoch;
  const isAsOld = a.commitTimestampMs === b.commitTimestampMs && a.expireTimestampMs === b.expireTimestampMs;
  return isSame && isAsOld && a.topicId === b.topicId;
}

function describeEntry(entry: LogEntry): string {
  if (!("record" in entry)) return `${entry.type} of producer ${entry.producerId}`;
  return describe(entry.record) + (entry.producerId === undefined ? "" : `, of producer ${entry.producerId}`);
}

function describe(record: GroupRecord): string {
  const { group } = record;
  if (record.type === "OffsetCommit") {
    const what = record.value === null ? "tombstone" : `${record.value.offset} (${record.value.metadata})`;
    return `OffsetCommit(${group}, ${record.topic}-${record.partition}: ${what})`;
  }
  if (record.value === null) return `GroupMetadata(${group}: tombstone)`;
  const { generation, members } = record.value;
  return `GroupMetadata(${group}, generation ${generation}, ${members.map(({ memberId }) => memberId).join(" ")})`;
}
