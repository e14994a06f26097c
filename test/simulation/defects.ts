/** Defects to be planted in a copy of the source: the simulator has to find each of them. `from` stands there once. */
export interface Defect {
  readonly name: string;
  /** Below src/. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

type Change = readonly [name: string, from: string, to: string];

const inFile = (file: string, changes: readonly Change[]): Defect[] =>
  changes.map(([name, from, to]) => ({ name, file, from, to }));

const coordinator: readonly Defect[] = [
  ...inFile("coordinator/shard.ts", [
    [
      "a reply leaves before its append is durable",
      "if (last === undefined) for (const output of outputs) output.leave();",
      "if (outputs.length >= 0) for (const output of outputs) output.leave();",
    ],
    ["an append counts as durable at once", "    durable.then(", "    Promise.resolve().then("],
    [
      "a reply waits for the first append on its way, not for its own",
      "this.#leaveBehind(this.#batches.at(-1), this.#outputs)",
      "this.#leaveBehind(this.#batches[0], this.#outputs)",
    ],
    ["an emitted record is not replayed", "for (const record of records) this.#machine.replay(record);", ""],
    ["timers end when one has rung", "    this.#setAlarm();\n  }\n\n  #fail", "  }\n\n  #fail"],
    ["a shard that is closed goes on answering", 'this.#state = "closed";\n    this.#alarm', "this.#alarm"],
  ]),
  ...inFile("coordinator/load.ts", [
    [
      "a load does not wait until what it read is durable",
      "await untilDurable(log, Math.max(offset, end), wanted);",
      "",
    ],
    [
      "a load leaves the last record out",
      "while (offset < end && wanted()) {\n    const",
      "while (offset < end - 1 && wanted()) {\n    const",
    ],
    [
      "a load passes over tombstones",
      "if (decoded !== undefined) machine",
      "if (decoded !== undefined && record.value !== null) machine",
    ],
    [
      "a load takes the first record of a batch only",
      "machine.replay(decoded, producerId);",
      "{ machine.replay(decoded, producerId); break; }",
    ],
  ]),
  ...inFile("coordinator/runtime.ts", [
    ["a shard that failed is not loaded again", "void this.load(partition, log, leaderEpoch);", ""],
    [
      "a new epoch does not load the shard anew",
      "current.leaderEpoch >= leaderEpoch) return",
      "current.leaderEpoch >= 0) return",
    ],
  ]),
  ...inFile("coordinator/timers.ts", [
    ["a timer that was moved later rings at its old time", "top.keyMs < top.dueMs; top", "false; top"],
  ]),
];

const group: readonly Defect[] = [
  ...inFile("broker/group-runtime.ts", [
    [
      "who hears that another leads goes on as coordinator",
      "this.#runtime.unload(partition, leaderEpoch);",
      "void [partition, leaderEpoch];",
    ],
  ]),
  ...inFile("group/classic/round.ts", [
    ["a round ends in the same generation", "group.generation++;", ""],
    ["the turn to Empty is not written", 'context.emit([{ type: "GroupMetadata", group: group.groupId, value }]);', ""],
    ["the join timer runs on when the round has ended", "context.cancel(group.joinTimer);", ""],
    [
      "members that did not rejoin stay",
      "if (member.parkedJoin === null && !member.isStatic) group.remove",
      "if (false) group.remove",
    ],
    [
      "a leader that is away stays leader",
      "leader !== undefined && leader.parkedJoin !== null",
      "leader !== undefined",
    ],
    [
      "nobody waits for a sync that does not come",
      "context.schedule(group.syncTimer, context.now.monotonicMs + group.rebalanceTimeoutMs);",
      "",
    ],
    [
      "members that wait are not told that the group rebalances",
      "for (const member of group.members.values()) answerHeartbeat(member, ErrorCode.REBALANCE_IN_PROGRESS, context);",
      "",
    ],
    [
      "nothing ends a join phase that somebody misses",
      "else scheduleJoinTimer(group, group.rebalanceTimeoutMs, context);",
      "",
    ],
    ["the sync timer runs on in the next round", "context.cancel(group.syncTimer);", ""],
  ]),
  ...inFile("group/classic/sync.ts", [
    [
      "the leader's plan is not written",
      'context.emit([{ type: "GroupMetadata", group: group.groupId, value }]);',
      "{ ok: true } as const;",
    ],
    [
      "every member is given the first one's assignment",
      "plan.get(memberId) ?? noAssignment",
      "(void memberId, assignments[0]?.assignment) ?? noAssignment",
    ],
    [
      "a sync of an old generation is taken",
      "if (body.generationId !== group.generation) return ErrorCode.ILLEGAL_GENERATION;",
      "",
    ],
    ["a follower's plan is taken", "if (group.isLeader(member.memberId)) completeRound", "completeRound"],
  ]),
  ...inFile("group/classic/answers.ts", [
    ["a sync in Stable is answered with nothing", "assignment: member.assignment };", "assignment: noAssignment };"],
    ["a second join of a member is not parked", "member.parkedJoin = token;", "member.parkedJoin ??= token;"],
  ]),
  ...inFile("group/classic/refuse-stranger.ts", [
    ["a fenced instance is not fenced", "return ErrorCode.FENCED_INSTANCE_ID", "return ErrorCode.NONE"],
    ["a member that is out is let in", ": ErrorCode.UNKNOWN_MEMBER_ID;", ": ErrorCode.NONE;"],
  ]),
  ...inFile("group/classic/heartbeat.ts", [
    ["a heartbeat does not keep the session", "resetSession(member, context);", ""],
    [
      "a heartbeat does not tell of a rebalance",
      'if (group.state === "PreparingRebalance")',
      'if (group.state === "Dead")',
    ],
    ["a heartbeat of an old generation is taken", ": ErrorCode.ILLEGAL_GENERATION;", ": ErrorCode.NONE;"],
  ]),
  ...inFile("group/classic/join.ts", [
    ["a member id that was handed out is forgotten", "group.pending.set(memberId, pending);", ""],
    ["a member id that was handed out is pending for ever", "context.schedule(pending.timer,", "void (pending.timer,"],
    ["a new member causes no rebalance", "rebalance(shard, group, `new member", "void (`new member"],
    ["a rejoin does not tell what changed", "group.update(member, terms);", ""],
    ["group.max.size is not heeded", "group.parkedJoins >= config.groupMaxSize", "group.parkedJoins < 0"],
  ]),
  ...inFile("group/classic/static-join.ts", [
    ["who waits under the old member id is not told", "fence(old, context);\n  const oldLeader", "const oldLeader"],
    [
      "a static member's return is not written",
      'context.emit([{ type: "GroupMetadata", group: group.groupId, value }]);',
      "{ ok: true } as const;",
    ],
    ["a static member's return rebalances", "group.chooseProtocol() === group.protocolName", "group.members.size < 0"],
    ["a static member that returns has nothing", "member.assignment = old.assignment;", ""],
  ]),
  ...inFile("group/classic/session-timeout.ts", [
    ["a session that is over removes nobody", "removeMember(shard, member, `session", "void (`session"],
    ["a pending id that is given up holds the round", "group.pending.delete(memberId);", ""],
  ]),
  ...inFile("group/classic/leave.ts", [
    ["nobody takes over from one that leaves", "gone.length > 0 && group.state", "gone.length > 9 && group.state"],
    ["one that leaves stays", "group.remove(member, context);", ""],
  ]),
  ...inFile("group/classic/classic-group.ts", [
    [
      "who leaves keeps its place as leader",
      "if (this.isLeader(member.memberId)) this.leaderId =",
      "if (false) this.leaderId =",
    ],
    ["the session of one that leaves runs on", "context.cancel(member.timer);", ""],
  ]),
  ...inFile("group/offsets/refuse-commit.ts", [
    [
      "a commit of an old generation is taken",
      "return generation === group.generation ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;",
      "return ErrorCode.NONE;",
    ],
    [
      "a commit without a generation is taken on a live group",
      'state === "Empty") return ErrorCode.NONE;\n  if (isNobody(committer)) return ErrorCode.UNKNOWN',
      "state) return ErrorCode.NONE;\n  if (isNobody(committer)) return ErrorCode.UNKNOWN",
    ],
  ]),
  ...inFile("group/offsets/write-offsets.ts", [
    ["commits go to the wrong partition", "partition: partition.partitionIndex, value", "partition: 0, value"],
    [
      "a commit is acknowledged and not written",
      "records.length === 0 ? ({ ok: true } as const) : context.emit(records, transaction)",
      "(void context, void transaction, { ok: true }) as { ok: boolean; errorCode: ErrorCode }",
    ],
  ]),
  ...inFile("group/offsets/fetch.ts", [
    [
      "offsets of an Empty group are not told",
      "durable.groups.has(groupId)",
      "durable.groups.get(groupId)?.members.length",
    ],
  ]),
  ...inFile("group/offsets/expire.ts", [
    ["offsets expire at once", "nowMs - sinceMs >= offsetsRetentionMs", "nowMs - sinceMs >= 0"],
  ]),
  ...inFile("group/replay.ts", [
    [
      "the first commit of a partition stays for ever",
      "if (partitions !== undefined) partitions.set(partition, value);",
      "if (partitions?.has(partition)) return;\n  if (partitions !== undefined) partitions.set(partition, value);",
    ],
  ]),
  ...inFile("group/record-codec.ts", [
    [
      "a group's leader is not written",
      "      leader,\n      currentStateTimestamp:",
      "      leader: null,\n      currentStateTimestamp:",
    ],
  ]),
  ...inFile("group/group-coordinator.ts", [
    [
      "members have no session after a load",
      "for (const member of group.members.values()) resetSession(member, context);",
      "",
    ],
  ]),
];

const log: readonly Defect[] = [
  ...inFile("log/file/journal.ts", [
    ["the journal's writes are not synced", 'isSynced ? "sync" : "existing"', '"existing"'],
    ["a sync of the journal syncs nothing", "await Promise.all(slots.map((slot) => this.#syncSlot(slot)));", ""],
    [
      "the journal tells of a write before it",
      "        await this.#write(next.blocks);",
      "        next.group.complete();\n        await this.#write(next.blocks);",
    ],
  ]),
  ...inFile("log/file/partition.ts", [
    [
      "a checkpoint does not sync the segments",
      'files.use(segment.logPath, "existing", (file) => segment.sync(file));',
      "undefined;",
    ],
  ]),
  ...inFile("log/file/file-log.ts", [
    ["a checkpoint does not write the segments", "if (!interrupted()) await log.checkpoint();", ""],
  ]),
  ...inFile("log/file/recovery.ts", [
    [
      "recovery forgets the last entry of each partition",
      "partition.take(batches, place.address",
      "if (partition.logEndOffset > 20) return;\n    partition.take(batches, place.address",
    ],
  ]),
  ...inFile("log/compaction.ts", [["compaction takes the latest record too", "offset >= latest", "offset > latest"]]),
  ...inFile("log/partition-state.ts", [
    [
      "an old leader epoch may append",
      'if (options.leaderEpoch < this.#leaderEpoch) return "fenced-leader-epoch";',
      "",
    ],
  ]),
];

const member: readonly Defect[] = [
  ...inFile("client/member/sync.ts", [
    ["what the plan takes away is kept", "revoke(member, surplus);", ""],
    [
      "who gave something up does not rejoin",
      "if (surplus.length > 0) member.rejoinReason",
      "if (surplus.length > 99) member.rejoinReason",
    ],
    ["a leader does not see that topics change", "else member.rejoinReason ??= changeSince", "else changeSince"],
  ]),
  ...inFile("client/member/proceed.ts", [
    ["a leader waits for ever for what is to be given up", "member.rejoinReason ??= mustReplan(member);", ""],
    [
      "a member joins before it has given up what it was to",
      'if (!member.callbacks.giveUp) member.turn("Joining");',
      'member.turn("Joining");',
    ],
  ]),
  ...inFile("client/member/join.ts", [
    [
      "an eager member keeps everything while it joins",
      "member.isCooperative ? unsubscribed(member) : member.owned",
      "unsubscribed(member)",
    ],
    ["a member does not tell what it owns", "ownedPartitions: byTopic(member.owned),", "ownedPartitions: [],"],
    ["a subscription goes without its user data", "userData: assignor.subscriptionUserData(topics)", "userData: null"],
    [
      "a member joins without its member id",
      "    memberId,\n    groupInstanceId: config",
      '    memberId: "",\n    groupInstanceId: config',
    ],
  ]),
  ...inFile("client/member/give-up.ts", [
    [
      "a member forgets before the callback what it gives up or gets",
      "member.act(callback);",
      "member.owned = without(member.owned, callback.partitions);\n  member.act(callback);",
    ],
  ]),
  ...inFile("client/member/end-membership.ts", [["who lost its membership reads on", "loseAll(member);", ""]]),
  ...inFile("client/member/react.ts", [
    [
      "a member does not hear that the group rebalances",
      'if (member.state === "Stable" || member.state === "Revoking") member.rejoinReason ??= reason;',
      "",
    ],
    [
      "a member comes back under an id that is gone",
      "return comeBack(member, said, { forgetMemberId: true });",
      "return comeBack(member, said, { forgetMemberId: false });",
    ],
  ]),
  ...inFile("client/member/coordinator-link.ts", [
    ["a member stays with a coordinator that is none", "member.coordinator.isKnown = false;", ""],
  ]),
  ...inFile("client/member/heartbeat.ts", [
    ["a member sends one heartbeat only", "  member.heartbeat = undefined;\n", ""],
  ]),
  ...inFile("client/member/leave.ts", [
    [
      "an application that does not poll stays in the group",
      "  endMembership(member, pollTooLate, { forgetMemberId: true });\n",
      "",
    ],
  ]),
];

const assignment: readonly Defect[] = [
  ...inFile("assignment/cooperative-sticky-assignor.ts", [
    ["partitions are handed on before they are given up", "withdrawUntilGivenUp(plan, layout, claims, previous);", ""],
  ]),
  ...inFile("assignment/range-assignor.ts", [
    ["range leaves a partition out", "partition < this.size; place++", "partition < this.size - 1; place++"],
  ]),
];

const transactions: readonly Defect[] = [
  ...inFile("transaction/end-transaction.ts", [
    ["what is committed is aborted", 'return state === "PrepareCommit" ? "COMMIT" : "ABORT";', 'return "ABORT";'],
    ["what is aborted is committed", 'return state === "PrepareCommit" ? "COMMIT" : "ABORT";', 'return "COMMIT";'],
    [
      "a transaction is complete before its markers are written",
      "const isOver = prepared.topics.length === 0 && complete(",
      "const isOver = complete(",
    ],
    [
      "an abort by the coordinator leaves the epoch as it is",
      "producerEpoch: isV2 ? Math.min(current.producerEpoch + 1, fencingEpoch) : current.producerEpoch,",
      "producerEpoch: current.producerEpoch,",
    ],
  ]),
  ...inFile("transaction/init-producer-id.ts", [
    [
      "who begins anew fences nobody",
      'turnTo("Empty", current, { ...cleared, producerEpoch: producerEpoch + 1 }, wallMs)',
      'turnTo("Empty", current, { ...cleared, producerEpoch }, wallMs)',
    ],
    ["an open transaction outlives a new producer", 'if (current?.state === "Ongoing") {', "if (false) {"],
  ]),
  ...inFile("transaction/end-rules.ts", [
    [
      "an old epoch may end a transaction",
      "if (producerEpoch !== current.producerEpoch) return { errorCode: ErrorCode.PRODUCER_FENCED };\n  if (isPrepared",
      "if (isPrepared",
    ],
  ]),
  ...inFile("transaction/add-partitions.ts", [
    [
      "an old epoch may add partitions",
      "if (current.producerEpoch !== producerEpoch) return ErrorCode.PRODUCER_FENCED;",
      "",
    ],
    [
      "a partition is added to the coordinator's memory only",
      "partitionsOf(current);\n  for (const { name, partitions } of topics) all.set",
      "partitionsOf(current);\n  for (const { name, partitions } of topics.slice(1)) all.set",
    ],
  ]),
  ...inFile("transaction/transaction-coordinator.ts", [
    ["a load forgets what was decided", "if (isPrepared(current)) wantMarkers(transactionalId, current, context);", ""],
  ]),
  ...inFile("transaction/time-outs.ts", [
    [
      "nobody ends a transaction that is too old",
      'return state === "Ongoing" &&',
      'return state === "Dead" as never &&',
    ],
  ]),
  ...inFile("broker/write-txn-marker.ts", [
    ["a marker counts as written before it is durable", "await durable;", "void durable.catch(() => {});"],
  ]),
  ...inFile("broker/marker-writer.ts", [
    [
      "a marker is written to the first partitions only",
      "while (left.length > 0 && isWanted()) {",
      "left = left.slice(0, 2);\n    while (left.length > 0 && isWanted()) {",
    ],
    [
      "markers are written twice when their coordinator loads again",
      "const isWanted = () => isLast() && this",
      "const isWanted = () => this",
    ],
    [
      "a coordinator that leads no more writes markers",
      "const isWanted = () => isLast() && this.#options.isCurrent(partition, coordinatorEpoch);",
      "const isWanted = () => isLast();",
    ],
    ["a broker that stops waits to write markers", "for (const end of [...this.#pauses]) end();", ""],
    ["a marker that fails is not written again", "left = left.filter((_, at) => !isDone(errors[at]!));", "left = [];"],
  ]),
  ...inFile("group/replay.ts", [
    [
      "offsets count before their transaction commits",
      "if (producerId !== undefined) return state.pending.put",
      "if (producerId === -2) return state.pending.put",
    ],
  ]),
  ...inFile("group/pending-offsets.ts", [
    ["offsets of an aborted transaction count", 'if (type === "COMMIT" && value !== null)', "if (value !== null)"],
    [
      "offsets of a committed transaction do not count",
      'if (type === "COMMIT" && value !== null)',
      'if (type === "ABORT" && value !== null)',
    ],
  ]),
  ...inFile("log/partition-state.ts", [
    [
      "readers of what is committed see all that is durable",
      'return upTo === "high-watermark" ? this.highWatermark : this.lastStableOffset;',
      "return this.highWatermark;",
    ],
  ]),
  ...inFile("log/transactions.ts", [
    ["a transaction is over before its marker is durable", "this.#ending.push(ended);", ""],
    ["what was aborted is not remembered", "if (isAborted) this.#aborted.push", "if (false) this.#aborted.push"],
    [
      "a restart forgets open transactions",
      "this.#ending.length = 0;\n    this.#setOpen(open);",
      "this.#ending.length = 0;",
    ],
  ]),
  ...inFile("log/producer-state.ts", [
    [
      "nobody asks whether a transaction may begin",
      'return { kind: "needed", verification: this.#verifications.start(start, addsPartition, wallMs) };',
      'return (void addsPartition, void wallMs, { kind: "ongoing" });',
    ],
  ]),
  ...inFile("log/file/checkpoint.ts", [
    [
      "a checkpoint forgets what was aborted",
      "log.producerStates.restore(saved.producers, saved.aborted ?? []);",
      "log.producerStates.restore(saved.producers, []);",
    ],
  ]),
];

export const defects: readonly Defect[] = [...coordinator, ...group, ...log, ...member, ...assignment, ...transactions];
