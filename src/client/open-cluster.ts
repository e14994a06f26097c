/** The cluster that clients speak with (cluster.ts): nodes, what is known of them, and who is in office. */
import { Metadata } from "../protocol/apis/metadata.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { Api, RequestInput, ResponseOf } from "../protocol/schema.ts";
import { backoffMs } from "./backoff.ts";
import type { Server } from "./bootstrap.ts";
import type { ClientConfig } from "./client-keys.ts";
import type {
  BrokerVersions,
  CallOptions,
  Cluster,
  ClusterMetadata,
  Coordinated,
  Destination,
  MetadataOptions,
  RequestFor,
  SendOptions,
} from "./cluster.ts";
import { Coordinators } from "./coordinators.ts";
import { brokerError, ClientConfigError, ClosedError, NetworkError, RequestTimeoutError } from "./errors.ts";
import { type ClientLogger, loggerFrom } from "./logger.ts";
import { MetadataKeeper, metadataVersions } from "./metadata-keeper.ts";
import { ClientMetrics } from "./metrics/client-metrics.ts";
import { type Channel, Node } from "./node.ts";
import type { TopicPartition } from "./topic-partition.ts";
import { type Call, callWithin, delay, remainingMs } from "./wait.ts";

const mainLane = "main";

/** Connects nowhere yet. @throws {ClientConfigError} without bootstrap.servers. */
export function openCluster(config: ClientConfig): Cluster {
  if (config.bootstrapServers.length === 0) {
    throw new ClientConfigError("bootstrap.servers must name at least one broker as host:port");
  }
  return new KafkaCluster(config);
}

class KafkaCluster implements Cluster {
  readonly config: ClientConfig;
  readonly logger: ClientLogger;
  readonly metrics = new ClientMetrics();
  /** The bootstrap servers that are not known by their node ids; none once the brokers are known. */
  #bootstrap: Node[] = [];
  readonly #nodes = new Map<number, Node>();
  readonly #metadata: MetadataKeeper;
  readonly #coordinators: Coordinators;
  #closing: Promise<unknown> | undefined;

  constructor(config: ClientConfig) {
    this.config = config;
    this.logger = loggerFrom(config.logger);
    this.#metadata = new MetadataKeeper(config, this.logger, (request, options) =>
      this.send("any", Metadata, request, { ...options, versions: metadataVersions }),
    );
    this.#metadata.onMetadata(({ brokers }) => this.#meet(brokers));
    this.#coordinators = new Coordinators(this, (node) => this.#meetOne(node.nodeId, node));
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  get known(): ClusterMetadata {
    return this.#metadata.known;
  }

  async send<A extends Api>(
    to: Destination,
    api: A,
    request: RequestFor<A>,
    options: SendOptions = {},
  ): Promise<ResponseOf<A>> {
    const call = this.#call(options);
    const lane = options.lane ?? mainLane;
    const { connection, versions } = this.#ready(to, lane) ?? (await this.#open(to, lane, call));
    const version = versions.versionOf(api, options.versions);
    const body = (typeof request === "function" ? request(version) : request) as RequestInput<A>;
    try {
      return await connection.send(api, version, body, call, options.expectsAnswer);
    } catch (error) {
      if (error instanceof NetworkError || error instanceof RequestTimeoutError) this.#unreachable(to);
      throw error;
    }
  }

  async versions(to: Destination, options: SendOptions = {}): Promise<BrokerVersions> {
    const lane = options.lane ?? mainLane;
    return (this.#ready(to, lane) ?? (await this.#open(to, lane, this.#call(options)))).versions;
  }

  metadata(topics: readonly string[] | "all", options?: MetadataOptions): Promise<ClusterMetadata> {
    return this.#metadata.fetch(topics, options);
  }

  watch(topics: ReadonlySet<string> | "all", options: { readonly allowAutoTopicCreation?: boolean } = {}): void {
    this.#metadata.watch(topics, options);
  }

  refreshSoon(): void {
    this.#metadata.refreshSoon();
  }

  onMetadata(listener: (metadata: ClusterMetadata) => void): () => void {
    return this.#metadata.onMetadata(listener);
  }

  leaderOf(topic: string, partition: number): number | undefined {
    const leaderId = this.#metadata.partition(topic, partition)?.leaderId ?? -1;
    return leaderId < 0 ? undefined : leaderId;
  }

  leaderMoved(topic: string, partition: number, leaderId: number, leaderEpoch: number): void {
    if (!this.#metadata.leaderMoved(topic, partition, leaderId, leaderEpoch)) return;
    if (!this.#nodes.has(leaderId)) this.refreshSoon();
  }

  coordinatorOf(what: Coordinated, options: CallOptions = {}): Promise<number> {
    return this.#coordinators.of(what, this.#call(options));
  }

  coordinatorGone(what: Coordinated): void {
    this.#coordinators.gone(what);
  }

  async close(): Promise<void> {
    this.#metadata.close();
    this.#closing ??= Promise.all([...this.#bootstrap, ...this.#nodes.values()].map((node) => node.close()));
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #call({ timeoutMs = this.config.requestTimeoutMs, signal }: CallOptions): Call {
    return callWithin(timeoutMs, signal);
  }

  /** The way that takes no waiting, and so keeps the order of calls. */
  #ready(to: Destination, lane: string): Channel | undefined {
    const nodeId = this.#nodeIdNow(to);
    return nodeId === undefined ? undefined : this.#nodes.get(nodeId)?.ready(lane);
  }

  #nodeIdNow(to: Destination): number | undefined {
    if (typeof to === "number") return to;
    if (to === "controller") return this.known.controllerId;
    if (to === "any") return undefined;
    return "leader" in to ? this.leaderOf(to.leader.topic, to.leader.partition) : this.#coordinators.known(to);
  }

  async #open(to: Destination, lane: string, call: Call): Promise<Channel> {
    if (this.#closing !== undefined) throw new ClosedError("the client was closed");
    if (to === "any") return this.#openAny(lane, call);
    const nodeId = await this.#nodeIdOf(to, call);
    const node = this.#nodes.get(nodeId);
    if (node === undefined) {
      this.#unreachable(to);
      throw new NetworkError(`node ${nodeId} is not in the cluster`);
    }
    try {
      return node.ready(lane) ?? (await node.open(lane, call));
    } catch (error) {
      if (error instanceof NetworkError) this.#unreachable(to);
      throw error;
    }
  }

  async #nodeIdOf(to: Exclude<Destination, "any">, call: Call): Promise<number> {
    if (typeof to === "number") {
      if (!this.#nodes.has(to)) await this.metadata([], { timeoutMs: remainingMs(call), signal: call.signal });
      return to;
    }
    if (to === "controller") {
      if (!this.#nodes.has(this.known.controllerId)) await this.metadata([], { timeoutMs: remainingMs(call) });
      return this.known.controllerId;
    }
    return "leader" in to ? this.#findLeader(to.leader, call) : this.#coordinators.of(to, call);
  }

  /** A leader may be in election: asked for again until the call ends. */
  async #findLeader({ topic, partition }: TopicPartition, call: Call): Promise<number> {
    const { retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = this.config;
    for (let failures = 0; ; failures++) {
      const leaderId = this.leaderOf(topic, partition);
      if (leaderId !== undefined) return leaderId;
      const { topics } = await this.metadata([topic], { timeoutMs: remainingMs(call), signal: call.signal });
      if (this.leaderOf(topic, partition) !== undefined) continue;
      const told = topics.get(topic);
      const errorCode = told?.errorCode || told?.partitions[partition]?.errorCode;
      const code =
        errorCode || (told?.partitions.length ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.LEADER_NOT_AVAILABLE);
      const error = brokerError(code, `leader of ${topic}/${partition}`);
      const pauseMs = backoffMs({ initialMs, maxMs }, failures);
      if (!error.retriable || pauseMs >= remainingMs(call)) throw error;
      await delay(pauseMs, call.signal);
    }
  }

  /** The idlest that is connected, else the first that lets itself be connected to; at last the bootstrap servers. */
  async #openAny(lane: string, call: Call): Promise<Channel> {
    const errors: Error[] = [];
    for (const node of this.#candidates()) {
      try {
        return node.ready(lane) ?? (await node.open(lane, call));
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
        errors.push(error);
      }
    }
    const said = errors.map(({ message }) => message).join("; ");
    throw new NetworkError(`no broker can be reached: ${said}`, errors.at(-1));
  }

  #candidates(): Node[] {
    const rank = (node: Node) => (node.isConnected ? node.inFlight - 1e9 : node.backoffMs + Math.random());
    const sorted = (nodes: Iterable<Node>) =>
      [...nodes]
        .map((node) => ({ node, at: rank(node) }))
        .sort((a, b) => a.at - b.at)
        .map(({ node }) => node);
    const known = sorted(this.#nodes.values());
    if (known.length > 0 && this.config.metadataRecoveryStrategy === "none") return known;
    if (this.#bootstrap.length === 0) {
      this.#bootstrap = this.config.bootstrapServers.map((server, index) => this.#node(-1 - index, server));
    }
    return [...known, ...sorted(this.#bootstrap)];
  }

  /** Somebody else may be in office by now. */
  #unreachable(to: Destination): void {
    if (to === "any") return;
    this.refreshSoon();
    if (typeof to === "object" && !("leader" in to)) this.#coordinators.gone(to);
  }

  #node(nodeId: number, { host, port }: Server): Node {
    return new Node(nodeId, { host, port }, this.config, this, () => this.#metadata.refreshSoon());
  }

  /** Nodes that are no longer told of are let go; a bootstrap server that is one of the brokers becomes it. */
  #meet(brokers: ClusterMetadata["brokers"]): void {
    for (const [nodeId, node] of this.#nodes) {
      if (brokers.has(nodeId)) continue;
      this.#nodes.delete(nodeId);
      void node.letGo();
    }
    for (const broker of brokers.values()) this.#meetOne(broker.nodeId, broker);
    for (const node of this.#bootstrap) void node.letGo();
    this.#bootstrap = [];
  }

  /** A node that listens elsewhere is another one. */
  #meetOne(nodeId: number, { host, port }: Server): void {
    const isThere = (node: Node | undefined) => node?.server.host === host && node.server.port === port;
    const before = this.#nodes.get(nodeId);
    if (isThere(before)) return;
    void before?.letGo();
    const known = this.#bootstrap.find(isThere);
    if (known !== undefined) {
      this.#bootstrap.splice(this.#bootstrap.indexOf(known), 1);
      known.becomes(nodeId);
    }
    this.#nodes.set(nodeId, known ?? this.#node(nodeId, { host, port }));
  }
}
