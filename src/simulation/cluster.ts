/** The brokers of a world, their logs, who leads what; and what is looked at whenever one of them says something. */
import type { Broker } from "../broker/broker.ts";
import type { BrokerConnection } from "../broker/connection.ts";
import type { GroupMachine } from "../broker/group-runtime.ts";
import type { TransactionMachine } from "../broker/transaction-runtime.ts";
import type { ReplyToken } from "../coordinator/machine.ts";
import type { GroupFact } from "../group/facts.ts";
import type { GroupCoordinator } from "../group/group-coordinator.ts";
import type { PartitionLog } from "../log/log.ts";
import { coordinatorPartition } from "../protocol/hash.ts";
import type { TransactionFact } from "../transaction/facts.ts";
import type { TransactionCoordinator } from "../transaction/transaction-coordinator.ts";
import { BrokerNode, type BrokerSeams } from "./broker-node.ts";
import { Consumption } from "./consumption.ts";
import { type GroupLeads, groupLeads } from "./group-leads.ts";
import type { Leads } from "./leads.ts";
import { Ledger } from "./ledger.ts";
import { Network } from "./network.ts";
import type { Plan } from "./plan.ts";
import { type Asked, Requests } from "./requests.ts";
import { watchStep } from "./step-invariants.ts";
import { ownStorage, type Storage, sharedStorage } from "./storage.ts";
import { newTopic, offsetsTopic, transactionsTopic } from "./topics.ts";
import { checkMarker, type TransactionLeads, transactionLeads } from "./transaction-leads.ts";
import { noticed, watchTransactionStep } from "./transaction-steps.ts";
import { Transactions } from "./transactions.ts";
import { TroubledEnds } from "./troubled-ends.ts";
import { WatchedCoordinator } from "./watched-coordinator.ts";
import { WatchedPartition } from "./watched-partition.ts";
import { WatchedTransactions } from "./watched-transactions.ts";
import type { World } from "./world.ts";

type GroupLead = NonNullable<ReturnType<GroupLeads["of"]>>;

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
  readonly groupLeads: GroupLeads;
  readonly transactionLeads: TransactionLeads;
  readonly troubledEnds: TroubledEnds;
  /** By broker, and by "topic-partition": what it has of them since it started. */
  readonly #partitions = new Map<BrokerNode, Map<string, WatchedPartition<unknown>>>();
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
    this.requests = new Requests(world, this.ledger, this.transactions, this.consumption);
    this.storage = plan.topology === "alone" ? ownStorage(this) : sharedStorage(this);
    this.groupLeads = groupLeads(this);
    this.transactionLeads = transactionLeads(this);
    this.troubledEnds = new TroubledEnds(world);
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

  /** Brokers share the offsets of groups, and no topics: those that are written and read lie on the first. */
  get topicsLeader(): BrokerNode {
    return this.brokers[0]!;
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
    return this.groupLeads.of(broker, this.shardOf(groupId))?.machine;
  }

  /** The coordinators that are at work. */
  coordinators(): WatchedCoordinator[] {
    const at = Array.from({ length: this.plan.shards }, (_, shard) => {
      const broker = this.storage.leaderOf(shard);
      return broker?.process.isAlive ? this.groupLeads.of(broker, shard)?.machine : undefined;
    });
    return at.filter((one) => one !== undefined);
  }

  /** A partition as one broker has it, looked at. @param epoch under which it leads, where the cluster says so */
  watched(node: BrokerNode, log: PartitionLog, epoch?: number): WatchedPartition<unknown> {
    if (log.topic === offsetsTopic) return this.#ledBy(this.groupLeads, node, log, epoch);
    if (log.topic === transactionsTopic) return this.#ledBy(this.transactionLeads, node, log, epoch);
    return this.#watched(node, log, epoch, undefined);
  }

  partitionAt(node: BrokerNode, topic: string, partition: number): WatchedPartition<unknown> | undefined {
    return this.#partitions.get(node)?.get(`${topic}-${partition}`);
  }

  #ledBy<R, S, W extends WatchedCoordinator | WatchedTransactions>(
    leads: Leads<R, S, W>,
    node: BrokerNode,
    log: PartitionLog,
    epoch: number | undefined,
  ): WatchedPartition<R> {
    const partition = this.#watched(node, log, epoch, leads);
    leads.begin(node, partition);
    return partition;
  }

  #watched<R, S, W extends WatchedCoordinator | WatchedTransactions>(
    node: BrokerNode,
    log: PartitionLog,
    epoch: number | undefined,
    leads: Leads<R, S, W> | undefined,
  ): WatchedPartition<R> {
    const lead = () => leads?.of(node, log.partition);
    const watched: WatchedPartition<R> = new WatchedPartition<R>(
      log,
      {
        codec: leads?.codec,
        took: () => this.storage.took(log),
        appended: (entries) => leads?.appended(node, lead()!, entries),
        durable: (entries) => leads?.durable(lead()!, entries),
        ended: (end) => checkMarker(this, node, watched as WatchedPartition<unknown>, end),
        violated: (invariant, message) => this.world.violated(invariant, message),
        failsAppend: (isMarker) =>
          this.troubledEnds.loses(log.topic, isMarker) ||
          (epoch !== undefined && this.failingAppends > 0 && this.failingAppends-- > 0),
        segmentBytes: this.plan.segmentBytes,
        wentAsync: () => this.world.wentAsync(),
      },
      epoch,
    );
    const mine = this.#partitions.get(node) ?? new Map<string, WatchedPartition<unknown>>();
    this.#partitions.set(node, mine.set(watched.name, watched as WatchedPartition<unknown>));
    return watched;
  }

  #seams(clock: BrokerSeams["clock"]): BrokerSeams {
    return {
      clock,
      config: this.config,
      openLog: (node, failed) => this.storage.open(node, failed),
      started: (node, broker) => this.#started(node, broker),
      died: (node) => this.#died(node),
      watchGroups: (node) => (partition, coordinator) => this.#watchGroups(node, partition, coordinator),
      watchTransactions: (node) => (partition, coordinator) => this.#watchTransactions(node, partition, coordinator),
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
    this.groupLeads.died(node);
    this.transactionLeads.died(node);
    this.#partitions.delete(node);
    this.storage.died(node);
    for (const connection of [...this.network.connections]) if (connection.broker === node) connection.break();
  }

  #failed(node: BrokerNode, message: string, error: unknown): void {
    const cause = error instanceof Error ? error.message : String(error);
    this.world.tell(() => `${node.name} reports: ${message}: ${cause}`);
    if (this.storage.mayFail(cause)) return;
    this.world.violated("a broker reports no error of its own", `${node.name}: ${message}: ${cause}`);
  }

  #watchGroups(node: BrokerNode, partition: number, coordinator: GroupCoordinator): GroupMachine {
    const leads = this.groupLeads;
    const lead = leads.of(node, partition);
    coordinator.topicIdOf = undefined; // offsets are of topics that this broker may know nothing of
    if (lead === undefined) return coordinator; // it does not lead any more, and is about to hear of it
    leads.loading(lead);
    return new WatchedCoordinator(coordinator, partition, node.id, {
      before: (one: WatchedCoordinator, step) =>
        lead.machine === one || step.type === "loaded"
          ? watchStep(this.world, one, step, this.plan.groupMaxSize)
          : nothing,
      loaded: (one: WatchedCoordinator) => leads.loaded(node, lead, one),
      fact: (_, fact) => this.#fact(node, fact),
      asked: (one: WatchedCoordinator, token) => this.#requestReached(one, token),
      replied: (one: WatchedCoordinator, token, response) => {
        this.#replied(lead, one, token);
        return response;
      },
    });
  }

  #watchTransactions(node: BrokerNode, partition: number, coordinator: TransactionCoordinator): TransactionMachine {
    const leads = this.transactionLeads;
    const lead = leads.of(node, partition);
    if (lead === undefined) return coordinator;
    leads.loading(lead);
    return new WatchedTransactions(coordinator, partition, node.id, {
      before: (one: WatchedTransactions, step) => watchTransactionStep(this.world, one, step),
      loaded: (one: WatchedTransactions) => leads.loaded(node, lead, one),
      fact: (_, fact) => this.#fact(node, fact),
      asked: nothing,
      replied: (one: WatchedTransactions, _token, response) => {
        const onRecords = lead.appendedBefore + one.emittedRecords;
        return noticed(response, () => {
          if (lead.log.durableRecords >= onRecords || lead.machine !== one) return;
          this.world.violated("no reply before durability", `${node.name}, ${lead.log.name}`);
        });
      },
    });
  }

  #fact(node: BrokerNode, fact: GroupFact | TransactionFact): void {
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
  #replied({ log, appendedBefore }: GroupLead, coordinator: WatchedCoordinator, token: ReplyToken): void {
    const asked = coordinator.requests.get(token);
    if (asked === undefined) return;
    coordinator.requests.delete(token);
    asked.rests = { log, onRecords: appendedBefore + coordinator.emittedRecords };
  }

  #answers(node: BrokerNode, frame: Uint8Array): void {
    this.world.trace.bytes(frame);
    this.requests.answered(frame, node.name, (groupId) => {
      const shard = this.shardOf(groupId);
      if (this.storage.leaderOf(shard) === node) return "leads";
      return this.storage.depositionOf(node, shard) ?? "unknown";
    });
  }
}

const nothing = () => {};
