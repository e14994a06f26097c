import assert from "node:assert/strict";
import { test } from "node:test";
import { MemberFrames, readError, readJoinHead } from "../../src/bench/load/member-frames.ts";
import { Heartbeat } from "../../src/protocol/apis/heartbeat.ts";
import { JoinGroup, type JoinGroupResponse } from "../../src/protocol/apis/join-group.ts";
import { LeaveGroup } from "../../src/protocol/apis/leave-group.ts";
import { SyncGroup } from "../../src/protocol/apis/sync-group.ts";
import { decodeRequest } from "../../src/protocol/codec.ts";
import { encodeResponseFrame, peekRequest, readRequestHeader } from "../../src/protocol/frame.ts";
import type { Api, RequestOf, ResponseInput } from "../../src/protocol/schema.ts";

const frames = new MemberFrames("g", 45_000);

function read<A extends Api>(api: A, frame: Uint8Array): RequestOf<A> {
  const body = Buffer.from(frame).subarray(4);
  const { apiKey, apiVersion } = peekRequest(body);
  assert.equal(apiKey, api.key);
  assert.equal(frame.length, Buffer.from(frame).readInt32BE(0) + 4);
  return decodeRequest(api, apiVersion, body.subarray(readRequestHeader(api, apiVersion, body).bodyAt));
}

test("what members ask tells their own id and generation, of any length", () => {
  for (const [id, generationId] of [
    ["", 0],
    ["bench-1", 7],
    ["another-2", 2 ** 30],
    ["another-3", -1],
  ] as const) {
    const bytes = Buffer.from(id);
    const { memberId, sessionTimeoutMs } = read(JoinGroup, frames.join.fill(bytes));
    assert.deepEqual([memberId, sessionTimeoutMs], [id, 45_000]);
    if (id === "") continue;
    const sync = read(SyncGroup, frames.sync.fill(bytes, generationId));
    assert.deepEqual([sync.memberId, sync.generationId, sync.assignments], [id, generationId, []]);
    const heartbeat = read(Heartbeat, frames.heartbeat.fill(bytes, generationId));
    assert.deepEqual([heartbeat.memberId, heartbeat.generationId], [id, generationId]);
    assert.deepEqual(
      read(LeaveGroup, frames.leave.fill(bytes)).members.map((member) => member.memberId),
      [id],
    );
  }
});

function answerTo(response: Partial<JoinGroupResponse>): Buffer {
  const joined = {
    errorCode: 0,
    protocolName: "range",
    leader: "bench-1",
    memberId: "bench-2",
    members: [],
    ...response,
  };
  return Buffer.concat(encodeResponseFrame(JoinGroup, 7, 1, joined as ResponseInput<typeof JoinGroup>)).subarray(4);
}

test("of the answer to a join is read what a member needs, whatever stands before it", () => {
  for (const protocolType of ["consumer", null]) {
    const answer = answerTo({ generationId: 300, protocolType });
    assert.equal(readError(answer), 0);
    const { memberId, ...head } = readJoinHead(answer);
    assert.deepEqual({ ...head, id: `${memberId}` }, { generationId: 300, isLeader: false, id: "bench-2" });
  }
  const refused = answerTo({ errorCode: 79, protocolName: null, leader: "" });
  assert.equal(readError(refused), 79);
  assert.equal(`${readJoinHead(refused).memberId}`, "bench-2");
});

test("the leader plans for all that it is told of", () => {
  const members = ["bench-1", "bench-2"].map((memberId) => ({
    memberId,
    groupInstanceId: null,
    metadata: Buffer.of(1),
  }));
  const answer = answerTo({ generationId: 5, memberId: "bench-1", members });
  assert.ok(readJoinHead(answer).isLeader);
  const plan = read(SyncGroup, frames.plan(answer));
  assert.deepEqual([plan.memberId, plan.generationId], ["bench-1", 5]);
  assert.deepEqual(
    plan.assignments.map(({ memberId, assignment }) => [memberId, assignment.length > 0]),
    [
      ["bench-1", true],
      ["bench-2", true],
    ],
  );
});
