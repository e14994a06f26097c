/** The shards of `__consumer_offsets` that this broker leads, and what they tell: one log line for each rebalance. */
import type { Clock, Rng } from "../coordinator/clock.ts";
import type { StateMachine } from "../coordinator/machine.ts";
import { Runtime } from "../coordinator/runtime.ts";
import type { MaybePromise } from "../coordinator/shard.ts";
import type { GroupConfig } from "../group/config.ts";
import type { GroupFact } from "../group/facts.ts";
import { GroupCoordinator } from "../group/group-coordinator.ts";
import type { GroupRecord } from "../group/record.ts";
import { groupRecordCodec } from "../group/record-codec.ts";
import type { GroupRequests } from "../group/requests.ts";
import type { GroupTimer } from "../group/shard.ts";
import { coordinatorPartition } from "../protocol/hash.ts";
import type { Platform } from "../protocol/platform.ts";
import type { BrokerConfig } from "./config.ts";
import type { GroupShards, LedPartition, Logger, Outcome } from "./context.ts";
import { rebalanceLine } from "./rebalance-line.ts";
import { RecentRebalances, type ToldRebalance } from "./recent-rebalances.ts";
import { shardFailures } from "./shard-failures.ts";

export type GroupMachine = StateMachine<GroupRequests, GroupRecord, GroupTimer, GroupFact>;
/** Stands between a shard's runtime and its machine, and looks on: what the simulator checks the steps with. */
export type GroupWatch = (partition: number, coordinator: GroupCoordinator) => GroupMachine;

export interface GroupRuntimeOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly platform: Platform;
  readonly config: BrokerConfig;
  readonly logger: Logger;
  readonly onGroupFact?: (fact: GroupFact) => void;
  readonly watchGroups?: GroupWatch;
  /** How many partitions `__consumer_offsets` has; undefined: it is not made yet. */
  readonly partitions: () => number | undefined;
  /** The id of the topic that has a name now; undefined: there is none. */
  readonly topicIdOf: (name: string) => string | undefined;
}

export class GroupRuntime implements GroupShards {
  readonly #runtime;
  readonly #options: GroupRuntimeOptions;
  readonly #loads = new Set<Promise<void>>();
  readonly #recent = new RecentRebalances();

  constructor(options: GroupRuntimeOptions) {
    const { logger, config, onGroupFact, watchGroups = unwatched, partitions: _, topicIdOf, ...seams } = options;
    this.#options = options;
    this.#runtime = new Runtime({
      ...seams,
      codec: groupRecordCodec,
      machine: (partition) => watchGroups(partition, new GroupCoordinator(groupConfig(config), topicIdOf)),
      onFact: (fact) => {
        tell(fact, logger);
        this.#recent.note(fact, seams.clock.now().wallMs);
        onGroupFact?.(fact);
      },
      ...shardFailures("__consumer_offsets", "groups", logger),
    });
  }

  submit<K extends keyof GroupRequests>(
    partition: number,
    type: K,
    request: GroupRequests[K]["request"],
  ): MaybePromise<Outcome<GroupRequests[K]["reply"]>> {
    return this.#runtime.submit(partition, type, request);
  }

  rebalancesOf(groupId: string): readonly ToldRebalance[] {
    return this.#recent.of(groupId);
  }

  /** What the config says counts until the topic is made: a group stays where its records are (rule 1). */
  partitionOf(groupId: string): number {
    const { partitions, config } = this.#options;
    return coordinatorPartition(groupId, partitions() ?? config.get("offsets.topic.num.partitions"));
  }

  /** This broker leads a partition now; when it is one of ours, its groups are loaded. */
  lead({ topic, partition, leaderEpoch, log }: LedPartition): void {
    if (topic.name !== "__consumer_offsets") return;
    const load = this.#runtime.load(partition, log, leaderEpoch).finally(() => this.#loads.delete(load));
    this.#loads.add(load);
  }

  /** Another broker leads the partition since an epoch later than this one. */
  resign(partition: number, leaderEpoch: number): void {
    this.#runtime.unload(partition, leaderEpoch);
  }

  /**
   * Topics are gone: so are the offsets that groups committed for them (rule 40). Resolves when that is durable. A
   * shard that waits for its next load finds them then, but for what a transaction committed where the topic was made
   * again before that load: TxnOffsetCommit tells no topic id.
   */
  async topicsDeleted(topics: readonly { readonly name: string; readonly topicId: string }[]): Promise<void> {
    if (topics.some(({ name }) => name === "__consumer_offsets")) this.#runtime.stop();
    await this.loaded();
    const shards = this.#runtime.partitions();
    await Promise.all(shards.map((partition) => this.#runtime.submit(partition, "TopicsDeleted", { topics })));
  }

  /** Resolves when all shards that are led so far take requests. */
  async loaded(): Promise<void> {
    await Promise.all(this.#loads);
  }

  stop(): void {
    this.#runtime.stop();
  }
}

const unwatched: GroupWatch = (_partition, coordinator) => coordinator;

function groupConfig(config: BrokerConfig): GroupConfig {
  return {
    groupMinSessionTimeoutMs: config.get("group.min.session.timeout.ms"),
    groupMaxSessionTimeoutMs: config.get("group.max.session.timeout.ms"),
    groupInitialRebalanceDelayMs: config.get("group.initial.rebalance.delay.ms"),
    groupMaxSize: config.get("group.max.size"),
    groupHeartbeatMaxWaitMs: heartbeatMaxWaitMs(config),
    offsetMetadataMaxBytes: config.get("offset.metadata.max.bytes"),
    offsetsRetentionMs: config.get("offsets.retention.minutes") * 60_000,
    offsetsRetentionCheckIntervalMs: config.get("offsets.retention.check.interval.ms"),
  };
}

/** On a connection where nothing moves for connections.max.idle.ms nobody can be told anything. */
export function heartbeatMaxWaitMs(config: BrokerConfig): number {
  const idleMs = config.get("connections.max.idle.ms");
  const maxWaitMs = config.get("group.heartbeat.max.wait.ms");
  return idleMs > 0 ? Math.min(maxWaitMs, Math.floor(idleMs / 2)) : maxWaitMs;
}

function tell(fact: GroupFact, logger: Logger): void {
  const { type, ...fields } = fact;
  switch (fact.type) {
    case "GroupRebalanceStarted":
      return logger.debug(fields, `group ${fact.group} rebalances: ${fact.reason}`);
    case "GroupRebalanceCompleted":
      return logger.info({ ...fields, durationMs: Math.round(fact.durationMs) }, rebalanceLine(fact));
    case "GroupStaticMemberReplaced":
      return logger.info(fields, `group ${fact.group}: ${fact.groupInstanceId} is back, nothing moves`);
    case "GroupDeleted":
      return logger.info(fields, `group ${fact.group} is deleted: ${fact.reason}`);
    case "GroupOffsetsExpired":
      return logger.info(fields, `group ${fact.group}: ${fact.offsets} offsets expired`);
    default:
      throw new Error(`no words for ${type}`);
  }
}
