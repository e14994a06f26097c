import type { ReplyToken, StateMachine, TransactionResult } from "../coordinator/machine.ts";
import { Timer } from "../coordinator/timers.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { ClassicGroup } from "./classic/classic-group.ts";
import { heartbeat } from "./classic/heartbeat.ts";
import { joinGroup } from "./classic/join.ts";
import { leaveGroup } from "./classic/leave.ts";
import { answerHeartbeat } from "./classic/parked-heartbeat.ts";
import { joinTimeout, prepareRebalance, syncTimeout } from "./classic/round.ts";
import { pendingTimeout, sessionTimeout } from "./classic/session-timeout.ts";
import { resetSession } from "./classic/sessions.ts";
import { syncGroup } from "./classic/sync.ts";
import type { GroupConfig } from "./config.ts";
import { deleteGroup } from "./delete-group.ts";
import { describeGroup } from "./describe-group.ts";
import { DurableState } from "./durable-state.ts";
import type { GroupFact } from "./facts.ts";
import { listGroups } from "./list-groups.ts";
import { commitOffsets } from "./offsets/commit.ts";
import { deleteOffsets } from "./offsets/delete.ts";
import { endTransaction } from "./offsets/end-transaction.ts";
import { expireOffsets } from "./offsets/expire.ts";
import { fetchOffsets } from "./offsets/fetch.ts";
import { removeStrayOffsets, type TopicIdOf, topicsDeleted } from "./offsets/topics-deleted.ts";
import { commitTransactionalOffsets } from "./offsets/txn-commit.ts";
import type { GroupRecord } from "./record.ts";
import { replay, replayEndTransaction } from "./replay.ts";
import type { GroupRequests } from "./requests.ts";
import { forgetIfIdle, type GroupContext, type GroupTimer, type Shard } from "./shard.ts";

/** The coordinator of the groups of one partition of `__consumer_offsets`: requests and timers to what decides them. */
export class GroupCoordinator implements StateMachine<GroupRequests, GroupRecord, GroupTimer, GroupFact> {
  readonly shard: Shard;
  readonly #expiryTimer = new Timer<GroupTimer>({ kind: "expiry" });
  /** Which topics there are: at a load the offsets of all others go. Without it those that are told as deleted. */
  topicIdOf: TopicIdOf | undefined;

  constructor(config: GroupConfig, topicIdOf?: TopicIdOf) {
    this.topicIdOf = topicIdOf;
    this.shard = { config, durable: new DurableState(), live: new Map() };
  }

  replay(record: GroupRecord, producerId?: number): void {
    replay(this.shard.durable, record, producerId);
  }

  replayEndTransaction(producerId: number, _producerEpoch: number, type: TransactionResult): void {
    replayEndTransaction(this.shard.durable, producerId, type);
  }

  /** Groups with members come back Stable, their members with a whole session before them (rule 42). */
  loaded(context: GroupContext): void {
    const { config, durable, live } = this.shard;
    for (const [groupId, saved] of durable.groups) {
      if (saved.members.length === 0) continue;
      const group = new ClassicGroup(groupId, saved);
      live.set(groupId, group);
      for (const member of group.members.values()) resetSession(member, context);
      if (group.members.size > config.groupMaxSize) {
        const reason = `it has ${group.members.size} members, more than group.max.size ${config.groupMaxSize}`;
        prepareRebalance(this.shard, group, reason, context);
      }
    }
    if (this.topicIdOf !== undefined) removeStrayOffsets(this.shard, this.topicIdOf, context);
    this.#scheduleExpiry(context);
  }

  request<K extends keyof GroupRequests>(
    type: K,
    request: GroupRequests[K]["request"],
    token: ReplyToken,
    context: GroupContext,
  ): void {
    handlers[type](this.shard, request, token, context);
  }

  timer(due: GroupTimer, context: GroupContext): void {
    const { shard } = this;
    switch (due.kind) {
      case "session":
        sessionTimeout(shard, due, context);
        break;
      case "pending":
        pendingTimeout(shard, due, context);
        break;
      case "heartbeat":
        return answerHeartbeat(due.member, ErrorCode.NONE, context);
      case "join":
        joinTimeout(shard, due.group, context);
        break;
      case "sync":
        syncTimeout(shard, due.group, context);
        break;
      case "expiry":
        expireOffsets(shard, context);
        return this.#scheduleExpiry(context);
    }
    forgetIfIdle(shard, due.group.groupId);
  }

  #scheduleExpiry(context: GroupContext): void {
    context.schedule(this.#expiryTimer, context.now.monotonicMs + this.shard.config.offsetsRetentionCheckIntervalMs);
  }
}

type Handlers = {
  readonly [K in keyof GroupRequests]: (
    shard: Shard,
    request: GroupRequests[K]["request"],
    token: ReplyToken,
    context: GroupContext,
  ) => void;
};

const handlers: Handlers = {
  JoinGroup: (shard, request, token, context) => joinGroup({ shard, request, token, context }),
  SyncGroup: syncGroup,
  Heartbeat: heartbeat,
  LeaveGroup: leaveGroup,
  OffsetCommit: commitOffsets,
  TxnOffsetCommit: commitTransactionalOffsets,
  EndTransaction: endTransaction,
  OffsetFetch: (shard, { body }, token, context) => context.reply(token, fetchOffsets(shard, body)),
  OffsetDelete: (shard, { body }, token, context) => deleteOffsets(shard, body, token, context),
  DescribeGroup: (shard, { version, body }, token, context) =>
    context.reply(token, describeGroup(shard, body.groupId, version)),
  ListGroups: (shard, { body }, token, context) => context.reply(token, listGroups(shard, body)),
  DeleteGroup: (shard, { body }, token, context) => deleteGroup(shard, body.groupId, token, context),
  TopicsDeleted: (shard, { topics }, token, context) => topicsDeleted(shard, topics, token, context),
};
