/** A broker in this process that a test drives. */
import { loadConfig } from "../broker/config-sources.ts";
import type { BrokerServices } from "../broker/context.ts";
import type { Interception, Interceptor } from "../broker/interceptor.ts";
import { ErrorCode, errorName } from "../protocol/errors.ts";
import { machineClock } from "../server/machine-clock.ts";
import { Awaiting, type AwaitOptions } from "./awaiting.ts";
import { type Fault, type FaultRule, Faults } from "./faults.ts";
import { Group, type GroupSurroundings, requestLine } from "./group.ts";
import { History, type Rebalance, type RequestEntry, type RequestFilter } from "./history.ts";
import { Life } from "./life.ts";
import { lookAtGroup } from "./look-at-group.ts";
import { Nodes } from "./nodes.ts";
import { type StartBrokerOptions, settingsOf, type TopicSpec, topicsOf } from "./options.ts";
import { Traffic } from "./quiet.ts";
import { seededRng } from "./seeded-rng.ts";
import { servedApi } from "./served-api.ts";
import { earlierOf, realTime, type TestClock, VirtualClock } from "./test-clock.ts";
import { TestDisk } from "./test-disk.ts";
import { Topic, type TopicSurroundings } from "./topic.ts";
import { viewOf } from "./view.ts";

/** A broker in this process that a test drives: it awaits states, breaks things, and moves time. */
export class TestBroker implements AsyncDisposable {
  readonly clock: TestClock;
  readonly #options: StartBrokerOptions;
  readonly #rng;
  readonly #traffic: Traffic;
  readonly #awaiting: Awaiting;
  readonly #history = new History();
  readonly #faults: Faults;
  readonly #nodes: Nodes;
  #disk = new TestDisk();
  #ports: readonly number[] = [];
  #life: Life | undefined;

  private constructor(options: StartBrokerOptions) {
    const { clock = "real", seed = 1, nodes = 1, timeoutMs = 10_000, quietMs = 1, tick } = options;
    if (clock !== "virtual" && tick !== undefined) throw new TypeError("tick moves with virtual time only");
    if (!Number.isInteger(nodes) || nodes < 1) throw new RangeError(`nodes: ${nodes}: expected a number from 1 on`);
    this.#options = options;
    this.#rng = seededRng(seed);
    this.#traffic = new Traffic(quietMs);
    this.#awaiting = new Awaiting(timeoutMs);
    const quiet = () => this.#traffic.quiet();
    this.clock = clock === "virtual" ? new VirtualClock({ quiet, tick }) : realTime(machineClock);
    const awaits = async (what: string, isSo: () => boolean, awaiting?: AwaitOptions) => {
      await this.#awaiting.until(
        what,
        () => isSo() || undefined,
        () => this.#latest(),
        awaiting,
      );
    };
    this.#faults = new Faults({ happened: () => this.#happened(), awaits });
    const { config } = loadConfig(settingsOf(options, [], []).filter(({ key }) => key !== "listeners"));
    this.#nodes = new Nodes(nodes, config.get("offsets.topic.num.partitions"));
  }

  /** @throws {ConfigError} {@link StartError} when a config is wrong, or the port is taken. */
  static async start(options: StartBrokerOptions): Promise<TestBroker> {
    const kafka = new TestBroker(options);
    await kafka.#begin();
    try {
      for (const [name, spec] of topicsOf(options)) await kafka.createTopic(name, spec);
    } catch (error) {
      await kafka.close();
      throw error;
    }
    return kafka;
  }

  /** "host:port" of every node, as clients take it. */
  get bootstrapServers(): string {
    return this.brokers.join(",");
  }

  /** The same as a list, by node. */
  get brokers(): string[] {
    return this.#ports.map((port) => `127.0.0.1:${port}`);
  }

  /** Makes a topic; it is there for clients when this resolves. @throws when there is one of that name. */
  async createTopic(name: string, { partitions = 1, configs = {} }: TopicSpec = {}): Promise<Topic> {
    const { metadataShard } = this.#services;
    const topic = {
      ...{ name, numPartitions: partitions, replicationFactor: 1, assignments: [] },
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    };
    const outcome = await metadataShard.submit("CreateTopics", { topics: [topic], validateOnly: false });
    const result = outcome.ok ? outcome.reply[0]! : { errorCode: outcome.errorCode, errorMessage: null };
    if (result.errorCode !== ErrorCode.NONE) {
      throw new Error(`topic ${name}: ${errorName(result.errorCode)} ${result.errorMessage ?? ""}`);
    }
    await metadataShard.settled();
    return this.topic(name);
  }

  /** To look into the topic, whether clients have made it yet or not. */
  topic(name: string): Topic {
    return new Topic(name, this.#aroundTopics);
  }

  /** To await and to disturb the group, whether it is there yet or not. */
  group(groupId: string): Group {
    return new Group(groupId, this.#aroundGroups);
  }

  /**
   * A fault for requests of this API ("*" for any), and of those only which the filter takes.
   * @throws {RangeError} when the broker knows no API of that name.
   */
  on(api: string, filter: Omit<RequestFilter, "api"> = {}): FaultRule {
    return this.#faults.on(api === "*" ? filter : { ...filter, api: servedApi(api) });
  }

  /** Requests of this client are neither answered nor looked at, until the fault is removed. */
  blackHole(clientId: string): Fault {
    return this.on("*", { clientId }).blackHole();
  }

  /** Ends all faults. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** What clients asked, oldest first. */
  requests(filter?: RequestFilter): RequestEntry[] {
    if (filter?.api !== undefined) servedApi(filter.api);
    return this.#history.requests(filter);
  }

  /** Awaits that so many requests came which the filter takes. */
  async requested(filter: RequestFilter, options: AwaitOptions & { readonly times?: number } = {}): Promise<void> {
    const { times = 1 } = options;
    const look = () => (this.requests(filter).length >= times ? true : undefined);
    const what = `${times} requests like ${JSON.stringify(filter)}`;
    await this.#awaiting.until(what, look, () => this.#latest(), options);
  }

  /** Rebalances that came to an end, of one group or of all, oldest first. */
  rebalances(group?: string): Rebalance[] {
    return this.#history.rebalances(group);
  }

  /** Forgets the requests and rebalances so far. */
  forget(): void {
    this.#history.clear();
  }

  /**
   * The coordinator of a transactional id goes to the next node, or to the one you name; with one node, away and back.
   * It loads there what is open, and writes the markers that are missing.
   */
  async moveTransactionCoordinator(transactionalId: string, to?: number): Promise<void> {
    await this.#services.ensureInternalTopic("__transaction_state");
    await this.#moveLeader("__transaction_state", this.#services.transactionPartition(transactionalId), to);
  }

  /** From now on nothing that is written becomes durable, and what waits for it is not answered. */
  holdDisk(): void {
    this.#disk.hold();
  }

  /** The disk goes on. */
  releaseDisk(): void {
    this.#disk.release();
  }

  /**
   * The broker is gone, as by SIGKILL: connections break, nobody is answered. What was not synced is kept, as by a
   * system that goes on, or lost, as by a power failure. `restart` brings it back at the same ports.
   */
  async crash({ unsynced = "kept" }: { readonly unsynced?: "kept" | "lost" } = {}): Promise<void> {
    this.#alive.crash();
    this.#life = undefined;
    this.#disk = this.#disk.crash(unsynced);
    this.#happened();
  }

  /** Stops as by SIGTERM: what is parked is answered, what is written is synced. */
  async stop(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    this.#disk.release();
    await life?.stop();
    this.#happened();
  }

  /** Starts again after `crash` or `stop` (which it does first if need be): the same ports, the same disk. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#begin();
  }

  /** Stops for good; nothing is left of it. */
  async close(): Promise<void> {
    this.clearFaults();
    await this.stop();
  }

  /** For `await using`: closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #begin(): Promise<void> {
    this.#nodes.forgetViews();
    this.#life = await Life.begin({
      options: this.#options,
      listeners: this.#nodes.all.map(({ listener }) => listener),
      ports: this.#ports,
      clock: this.clock,
      rng: this.#rng,
      disk: this.#disk,
      intercept: (call) => this.#intercept(call),
      onGroupFact: (fact) => {
        this.#history.happened(fact, this.clock.now().wallMs);
        this.#happened();
      },
    });
    this.#ports = this.#life.ports;
  }

  get #alive(): Life {
    if (this.#life === undefined) throw new Error("the broker is not running: restart() it first");
    return this.#life;
  }

  get #services(): BrokerServices {
    return this.#alive.services;
  }

  readonly #intercept: Interceptor = (call) => {
    const { api, request, context } = call;
    const entry = this.#history.arrived(api, request, context, {
      atMs: this.clock.now().wallMs,
      node: this.#nodes.idOf(context.connection.listener),
      topicName: (topicId) => context.broker.metadata.topicById(topicId)?.name,
    });
    this.#happened();
    const answer = this.#faults.answer(call, entry, () => this.#nodes.answer(this.#timed(call)));
    const answered = <T extends Awaited<typeof answer>>(response: T): T => {
      this.#history.answered(entry, response, this.clock.now().wallMs);
      this.#happened();
      return response;
    };
    return answer instanceof Promise ? answer.then(answered) : answered(answer);
  };

  /**
   * A fetch that waits for records ends by the machine's clock too: a client that polls, or that is about to close,
   * is not to wait for the test to move the time.
   */
  #timed(call: Interception): Interception {
    if (call.api.name !== "Fetch" || this.#options.clock !== "virtual") return call;
    const { broker } = call.context;
    const clock = earlierOf(broker.clock, machineClock);
    return { ...call, context: { ...call.context, broker: viewOf(broker, { clock }) } };
  }

  #happened(): void {
    this.#traffic.moved();
    this.#awaiting.happened();
  }

  readonly #aroundGroups: GroupSurroundings = {
    look: (groupId) => {
      const generation = this.#history.generationOf(groupId);
      if (this.#life !== undefined) return lookAtGroup(this.#services, groupId, generation);
      const nothing = { assignor: "", members: [], offsets: {} };
      return Promise.resolve({ groupId, state: "unknown (the broker is down)", generation, ...nothing });
    },
    until: (what, look, describe, options) => this.#awaiting.until(what, look, describe, options),
    requests: (group) => this.requests({ group }),
    rebalances: (group) => this.rebalances(group),
    moveCoordinator: async (groupId, to) => {
      await this.#services.ensureInternalTopic("__consumer_offsets");
      await this.#moveLeader("__consumer_offsets", this.#services.groupPartition(groupId), to);
    },
  };

  readonly #aroundTopics: TopicSurroundings = {
    broker: () => this.#services,
    group: (groupId) => this.group(groupId),
    leaderOf: (topic, partition) => this.#nodes.leaderOf(topic, partition),
    moveLeader: (topic, partition, to) => this.#moveLeader(topic, partition, to),
  };

  async #moveLeader(topic: string, partition: number, to?: number): Promise<void> {
    this.#nodes.move(topic, partition, to);
    await this.#alive.leadAnew(topic, partition);
    this.#happened();
  }

  #latest(): string {
    return ["lately these requests came:", ...this.requests().slice(-20).map(requestLine)].join("\n");
  }
}
