/** The coordinator on its runtime, over a log whose appends become durable when the test says so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Runtime } from "../../src/coordinator/runtime.ts";
import { groupConfigDefaults } from "../../src/group/config.ts";
import type { GroupFact } from "../../src/group/facts.ts";
import { GroupCoordinator } from "../../src/group/group-coordinator.ts";
import type { GroupRecord } from "../../src/group/record.ts";
import { groupRecordCodec } from "../../src/group/record-codec.ts";
import type { GroupRequests } from "../../src/group/requests.ts";
import type { GroupTimer } from "../../src/group/shard.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { plainPlatform } from "../../src/protocol/plain-platform.ts";
import { seededRng } from "../../src/testing/seeded-rng.ts";
import { GatedLog } from "../coordinator/gated-log.ts";
import { settle, VirtualClock } from "../support/virtual-clock.ts";
import { commitRequest, fetchRequest, heartbeatRequest, joinRequest, syncRequest } from "./support/calls.ts";

const topicId = "AAAAAAAAAAAAAAAAAAAAAQ";

class Shard {
  readonly clock = new VirtualClock();
  readonly log = new GatedLog();
  readonly facts: GroupFact[] = [];
  readonly runtime = new Runtime<GroupRequests, GroupRecord, GroupTimer, GroupFact>({
    clock: this.clock,
    rng: seededRng(),
    platform: plainPlatform,
    codec: groupRecordCodec,
    machine: () => new GroupCoordinator({ ...groupConfigDefaults, groupInitialRebalanceDelayMs: 0 }),
    onFact: (fact) => this.facts.push(fact),
    onFailure: () => {},
  });

  /** What it was answered so far; undefined while it waits. */
  ask<K extends keyof GroupRequests>(type: K, request: GroupRequests[K]["request"]) {
    const asked: { answer: { errorCode?: number; memberId?: string } | undefined } = { answer: undefined };
    void Promise.resolve(this.runtime.submit(0, type, request)).then((answer) => {
      asked.answer = answer.ok ? (answer.reply as { errorCode?: number }) : { errorCode: answer.errorCode };
    });
    return asked;
  }

  async syncAll(): Promise<void> {
    while (this.log.appendsInFlight > 0) {
      this.log.syncOne();
      await settle();
    }
  }

  /** A group whose only member has joined, and not planned yet. */
  async joined(): Promise<string> {
    await this.runtime.load(0, this.log.port(), 1);
    const join = this.ask("JoinGroup", joinRequest());
    await this.clock.advance(0);
    await this.syncAll();
    assert.equal(join.answer?.errorCode, ErrorCode.NONE);
    return join.answer?.memberId ?? "";
  }
}

test("rule 21: the leader's sync is answered, and the rebalance told, when the plan is durable", async () => {
  const shard = new Shard();
  const memberId = await shard.joined();
  const synced = shard.ask("SyncGroup", syncRequest(memberId, 1, { [memberId]: [0] }));
  const beat = shard.ask("Heartbeat", heartbeatRequest(memberId, 1));
  await settle();
  assert.deepEqual([synced.answer, beat.answer], [undefined, undefined]);
  assert.deepEqual(
    shard.facts.map(({ type }) => type),
    ["GroupRebalanceStarted"],
  );
  await shard.syncAll();
  assert.equal(synced.answer?.errorCode, ErrorCode.NONE);
  assert.equal(beat.answer?.errorCode, ErrorCode.NONE);
  assert.deepEqual(
    shard.facts.map(({ type }) => type),
    ["GroupRebalanceStarted", "GroupRebalanceCompleted"],
  );
});

test("rules 21 and 42: the plan's append fails, all that wait look for a coordinator, the log decides", async () => {
  const shard = new Shard();
  const memberId = await shard.joined();
  const synced = shard.ask("SyncGroup", syncRequest(memberId, 1, { [memberId]: [0] }));
  shard.log.stored.pop();
  shard.log.failOne(new Error("the disk is gone"));
  await settle();
  assert.equal(synced.answer?.errorCode, ErrorCode.NOT_COORDINATOR);
  await shard.clock.advance(2000);
  const beat = shard.ask("Heartbeat", heartbeatRequest(memberId, 1));
  await settle();
  assert.equal(beat.answer?.errorCode, ErrorCode.UNKNOWN_MEMBER_ID, "the round was never written down");
});

test("rule 2: while the log is read nobody is known yet, and the answer says so", async () => {
  const shard = new Shard();
  const memberId = await shard.joined();
  const loading = shard.runtime.load(0, shard.log.port(), 2);
  const early = shard.ask("SyncGroup", syncRequest(memberId, 1));
  await settle();
  assert.equal(early.answer?.errorCode, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
  await loading;
});

test("rules 34 and 38: a commit is answered when it is durable, and a fetch behind it waits as long", async () => {
  const shard = new Shard();
  await shard.runtime.load(0, shard.log.port(), 1);
  const committed = shard.ask("OffsetCommit", commitRequest("orders", 0, 7, topicId));
  const fetched = shard.ask("OffsetFetch", fetchRequest("orders", 0));
  await settle();
  assert.deepEqual([committed.answer, fetched.answer], [undefined, undefined]);
  await shard.syncAll();
  assert.ok(committed.answer);
  const { topics } = fetched.answer as unknown as GroupRequests["OffsetFetch"]["reply"];
  assert.equal(topics[0]?.partitions[0]?.committedOffset, 7);
});

test("a value that grows beyond what a record can hold is refused for its request alone", async () => {
  const shard = new Shard();
  await shard.runtime.load(0, shard.log.port(), 1);
  const malformed = "\ufffd".repeat(20_000);
  const refused = shard.ask("JoinGroup", joinRequest({ groupId: malformed }));
  const next = shard.ask("JoinGroup", joinRequest({ version: 4 }));
  await settle();
  await shard.syncAll();
  assert.equal(refused.answer?.errorCode, ErrorCode.UNKNOWN_SERVER_ERROR);
  assert.equal(next.answer?.errorCode, ErrorCode.MEMBER_ID_REQUIRED);
});
