/** Drives a consumer's membership (member/): carries out what it decides, and tells it what happens. */
import type { ClusterTopics, TopicMetadata } from "../../assignment/partition-assignor.ts";
import { Heartbeat, heartbeatWait } from "../../protocol/apis/heartbeat.ts";
import { JoinGroup } from "../../protocol/apis/join-group.ts";
import { LeaveGroup } from "../../protocol/apis/leave-group.ts";
import { SyncGroup } from "../../protocol/apis/sync-group.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { RequestInput } from "../../protocol/schema.ts";
import type { BrokerVersions, CallOptions, Cluster, ClusterMetadata, SendOptions } from "../cluster.ts";
import type { ConsumerConfig } from "../consumer-keys.ts";
import { channels } from "../diagnostics.ts";
import { BrokerError, brokerError, KafkaError } from "../errors.ts";
import type { MemberAction } from "../member/member-action.ts";
import type { MemberEvent } from "../member/member-event.ts";
import type { MemberFact } from "../member/member-fact.ts";
import { MemberMachine } from "../member/member-machine.ts";
import {
  type HeartbeatAnswer,
  joinLane,
  laneOf,
  leaveGroupBody,
  type MemberRequest,
} from "../member/member-request.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { nowMs } from "../wait.ts";

export interface GroupHooks {
  /** At once: no more of them is fetched or handed out. `isLost`: somebody else may have them. */
  stop(partitions: readonly TopicPartition[], isLost: boolean): void;
  /** Those below are called one after the other, and awaited. */
  revoke(partitions: readonly TopicPartition[]): Promise<void>;
  lose(partitions: readonly TopicPartition[]): Promise<void>;
  assign(partitions: readonly TopicPartition[]): Promise<void>;
  /** Topics whose metadata is wanted beside the consumer's own. */
  watch(topics: readonly string[]): void;
  happened(fact: MemberFact): void;
  /** A callback of the application threw; the rebalance goes on. */
  callbackFailed(error: unknown): void;
  /** The membership cannot go on. */
  failed(error: Error): void;
}

/** States in which the coordinator may be ahead of the member. */
const rejoining: ReadonlySet<string> = new Set(["Preparing", "Joining", "Planning", "Syncing"]);
const longestTimerMs = 0x7fffffff;

export class GroupMember {
  readonly #cluster: Cluster;
  readonly #groupId: string;
  readonly #groupInstanceId: string | null;
  readonly #hooks: GroupHooks;
  readonly #machine: MemberMachine;
  #callbacks: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed: (() => void) | undefined;
  #last: { readonly memberId: string; readonly generationId: number } | undefined;

  constructor(cluster: Cluster, config: ConsumerConfig & { readonly groupId: string }, hooks: GroupHooks) {
    this.#cluster = cluster;
    this.#groupId = config.groupId;
    this.#groupInstanceId = config.groupInstanceId ?? null;
    this.#hooks = hooks;
    const assignors = config.partitionAssignmentStrategy.map((make) => make());
    const rackId = config.clientRack === "" ? null : config.clientRack;
    const groupInstanceId = this.#groupInstanceId;
    this.#machine = new MemberMachine({ ...config, groupInstanceId, rackId, assignors }, Math.random);
  }

  get identity() {
    const { memberId, generationId } = this.#machine;
    return { memberId, generationId, groupInstanceId: this.#groupInstanceId };
  }

  /**
   * What fences offsets in a transaction: the last membership, also when it is over and its partitions are still being
   * taken away. A commit without member and generation is taken of anybody (rule 41).
   */
  get lastIdentity() {
    return this.#machine.generationId >= 0 ? this.identity : { ...this.identity, ...this.#last };
  }

  get isRejoining(): boolean {
    return rejoining.has(this.#machine.state);
  }

  get isLeaving(): boolean {
    return this.#machine.state === "Leaving";
  }

  /** @param topics undefined: not known yet */
  subscribe(topics: readonly string[] | undefined): void {
    if (topics !== undefined) this.#step({ type: "subscribe", topics });
  }

  /** Resolves when the application was told; from then on the consumer is nobody in particular. */
  async unsubscribe(): Promise<void> {
    this.#step({ type: "unsubscribe" });
    await this.settled();
    this.#last = undefined;
  }

  /** The application waits for records. */
  polled(): void {
    this.#step({ type: "poll" });
  }

  /** The application was given records. */
  busy(): void {
    this.#step({ type: "busy" });
  }

  metadataChanged(metadata: ClusterMetadata): void {
    this.#step({ type: "metadata", topics: clusterTopics(metadata) });
  }

  commitFailed(failed: { errorCode: number; memberId: string; generationId: number }): void {
    this.#step({ type: "commitFailed", ...failed });
  }

  enforceRebalance(reason: string): void {
    this.#step({ type: "enforceRebalance", reason });
  }

  /** Resolves when callbacks that are under way are done. */
  settled(): Promise<void> {
    return this.#callbacks;
  }

  /** What it has is revoked; then it leaves the group. */
  async close(leave: "default" | "leave" | "remain", timeoutMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    this.#step({ type: "close", leave, timeoutMs });
    await closed;
    clearTimeout(this.#timer);
  }

  #step(event: MemberEvent): void {
    const actions = this.#machine.step(event, nowMs());
    const { memberId, generationId } = this.#machine;
    if (generationId >= 0 && !this.isLeaving) this.#last = { memberId, generationId };
    for (const action of actions) this.#act(action);
    clearTimeout(this.#timer);
    const { wakeAtMs, state } = this.#machine;
    if (wakeAtMs === Number.POSITIVE_INFINITY || state === "Closed") return;
    const waitMs = Math.min(longestTimerMs, Math.max(0, Math.ceil(wakeAtMs - nowMs())));
    this.#timer = setTimeout(() => this.#step({ type: "wake" }), waitMs);
  }

  #act(action: MemberAction): void {
    switch (action.type) {
      case "send":
        return void this.#send(action.request);
      case "revoke":
      case "lose":
        this.#hooks.stop(action.partitions, action.type === "lose");
        return this.#call(() => this.#hooks[action.type](action.partitions));
      case "assign":
        return this.#call(() => this.#hooks.assign(action.partitions));
      case "watch":
        return this.#hooks.watch(action.topics);
      case "fact":
        this.#cluster.logger.info(action.fact, "group membership");
        this.#hooks.happened(action.fact);
        return channels.rebalance.publish({ clientId: this.#cluster.config.clientId, ...action.fact });
      case "fail":
        return this.#hooks.failed(failure(action));
      case "closed":
        return this.#closed?.();
    }
  }

  #call(callback: () => Promise<void>): void {
    this.#callbacks = this.#callbacks.then(callback).then(
      () => this.#step({ type: "callbackDone" }),
      (error) => {
        this.#hooks.callbackFailed(error);
        this.#step({ type: "callbackDone" });
      },
    );
  }

  async #send(request: MemberRequest): Promise<void> {
    const { id, api } = request;
    let event: MemberEvent;
    try {
      const response = await this.#answer(request);
      event = { type: "answer", id, api, response } as MemberEvent;
    } catch (error) {
      if (!(error instanceof KafkaError)) return this.#hooks.failed(error as Error);
      event = error.retriable ? { type: "failed", id } : { type: "refused", id, error };
    }
    this.#step(event);
  }

  #answer(request: MemberRequest): Promise<unknown> {
    const { timeoutMs } = request;
    const options: SendOptions = { timeoutMs, lane: laneOf(request) };
    const coordinator = { group: this.#groupId };
    switch (request.api) {
      case "FindCoordinator":
        return this.#findCoordinator({ timeoutMs });
      case "Metadata":
        return this.#cluster
          .metadata(request.body.topics, { timeoutMs })
          .then((metadata) => ({ topics: clusterTopics(metadata) }));
      case "JoinGroup":
        return this.#cluster.send(coordinator, JoinGroup, request.body, options);
      case "SyncGroup":
        return this.#cluster.send(coordinator, SyncGroup, request.body, options);
      case "Heartbeat":
        return this.#heartbeat(request.body, options);
      case "LeaveGroup":
        return this.#cluster.send(coordinator, LeaveGroup, (version) => leaveGroupBody(request.body, version), options);
    }
  }

  /** Tells also what the broker can that it went to: it may be another one than was found, at the same address. */
  async #heartbeat(body: RequestInput<typeof Heartbeat>, options: SendOptions): Promise<HeartbeatAnswer> {
    const coordinator = { group: this.#groupId };
    const versions = await this.#cluster.versions(coordinator, options);
    const { errorCode } = await this.#cluster.send(coordinator, Heartbeat, body, options);
    return { errorCode, heartbeatMaxWaitMs: heartbeatMaxWaitMs(versions) };
  }

  /** Whoever was known is in doubt: it is asked anew. */
  async #findCoordinator(options: CallOptions) {
    const coordinated = { group: this.#groupId };
    this.#cluster.coordinatorGone(coordinated);
    try {
      const nodeId = await this.#cluster.coordinatorOf(coordinated, options);
      // What it can is told when the connection is made that the join will take.
      const versions = await this.#cluster.versions(nodeId, { ...options, lane: joinLane });
      return { errorCode: ErrorCode.NONE, nodeId, heartbeatMaxWaitMs: heartbeatMaxWaitMs(versions) };
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      return { errorCode: error.errorCode!, nodeId: -1, heartbeatMaxWaitMs: 0 };
    }
  }
}

/** How long such a broker waits at most is its own affair. */
function heartbeatMaxWaitMs(versions: BrokerVersions): number {
  const feature = versions.feature(heartbeatWait.feature);
  return feature !== undefined && feature.maxVersion >= heartbeatWait.level ? Number.POSITIVE_INFINITY : 0;
}

/** Topics that can be read, as assignors see them. */
export function clusterTopics({ topics, brokers }: ClusterMetadata): ClusterTopics {
  const known = new Map<string, TopicMetadata>();
  const racks = [...brokers.values()].some(({ rack }) => rack !== null);
  for (const { topic, partitions } of topics.values()) {
    if (partitions.length === 0) continue;
    const replicaRacks = partitions.map(({ replicas }) => replicas.map((id) => brokers.get(id)?.rack ?? null));
    known.set(topic, { partitionCount: partitions.length, ...(racks ? { replicaRacks } : {}) });
  }
  return known;
}

function failure({ errorCode, message, cause }: Extract<MemberAction, { type: "fail" }>): Error {
  if (cause instanceof KafkaError) return cause;
  if (errorCode !== undefined) return brokerError(errorCode, message);
  return new KafkaError(message, { code: "INVALID_STATE", fatal: true, cause });
}
