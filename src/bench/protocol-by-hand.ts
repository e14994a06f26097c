/**
 * Four codecs as one would write them by hand for one version each, trusting what they read: what generated code is
 * measured against.
 */
import type { JoinGroupResponse, OffsetCommitRequest } from "./protocol-samples.ts";

let at = 0;
const scratch = Buffer.allocUnsafe(65_536);

function putVarint(value: number): void {
  while (value > 127) {
    scratch[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  scratch[at++] = value;
}

function putInt16(value: number): void {
  scratch[at++] = value >> 8;
  scratch[at++] = value;
}

function putInt32(value: number): void {
  scratch[at++] = value >> 24;
  scratch[at++] = value >> 16;
  scratch[at++] = value >> 8;
  scratch[at++] = value;
}

function putInt64(value: number): void {
  putInt32(Math.floor(value / 4294967296));
  putInt32(value | 0);
}

function putText(text: string | null): void {
  if (text === null) {
    scratch[at++] = 0;
    return;
  }
  const length = text.length;
  putVarint(length + 1); // one byte for each character: right for the ids and names of the samples
  if (length > 8) at += scratch.write(text, at);
  else for (let i = 0; i < length; i++) scratch[at++] = text.charCodeAt(i);
}

function putBytes(bytes: Uint8Array): void {
  putVarint(bytes.length + 1);
  scratch.set(bytes, at);
  at += bytes.length;
}

export function encodeJoinGroupResponse(response: JoinGroupResponse): Uint8Array {
  at = 0;
  putInt32(response.throttleTimeMs);
  putInt16(response.errorCode);
  putInt32(response.generationId);
  putText(response.protocolType);
  putText(response.protocolName);
  putText(response.leader);
  scratch[at++] = response.skipAssignment ? 1 : 0;
  putText(response.memberId);
  putVarint(response.members.length + 1);
  for (const member of response.members) {
    putText(member.memberId);
    putText(member.groupInstanceId);
    putBytes(member.metadata);
    scratch[at++] = 0;
  }
  scratch[at++] = 0;
  return Buffer.from(scratch.subarray(0, at));
}

export function encodeOffsetCommitRequest(request: OffsetCommitRequest): Uint8Array {
  at = 0;
  putText(request.groupId);
  putInt32(request.generationIdOrMemberEpoch);
  putText(request.memberId);
  putText(request.groupInstanceId);
  putVarint(request.topics.length + 1);
  for (const topic of request.topics) {
    putText(topic.name);
    putVarint(topic.partitions.length + 1);
    for (const partition of topic.partitions) {
      putInt32(partition.partitionIndex);
      putInt64(partition.committedOffset);
      putInt32(partition.committedLeaderEpoch);
      putText(partition.committedMetadata);
      scratch[at++] = 0;
    }
    scratch[at++] = 0;
  }
  scratch[at++] = 0;
  return Buffer.from(scratch.subarray(0, at));
}

let from: Buffer = scratch;

function varint(): number {
  let value = 0;
  let shift = 0;
  for (;;) {
    const byte = from[at++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 128) return value;
    shift += 7;
  }
}

function int16(): number {
  at += 2;
  return from.readInt16BE(at - 2);
}

function int32(): number {
  at += 4;
  return from.readInt32BE(at - 4);
}

function int64(): number {
  const high = int32();
  return high * 4294967296 + (int32() >>> 0);
}

function text(): string | null {
  const length = varint() - 1;
  if (length < 0) return null;
  at += length;
  return from.toString("utf8", at - length, at);
}

function bytes(): Uint8Array {
  const length = varint() - 1;
  at += length;
  return new Uint8Array(from.buffer, from.byteOffset + at - length, length);
}

export function decodeJoinGroupResponse(frame: Buffer): JoinGroupResponse {
  from = frame;
  at = 0;
  const throttleTimeMs = int32();
  const errorCode = int16();
  const generationId = int32();
  const protocolType = text();
  const protocolName = text();
  const leader = text()!;
  const skipAssignment = from[at++] !== 0;
  const memberId = text()!;
  const members = [];
  for (let left = varint() - 1; left > 0; left--) {
    members.push({ memberId: text()!, groupInstanceId: text(), metadata: bytes() });
    at++;
  }
  at++;
  return {
    throttleTimeMs,
    errorCode,
    generationId,
    protocolType,
    protocolName,
    leader,
    skipAssignment,
    memberId,
    members,
  };
}

export function decodeOffsetCommitRequest(frame: Buffer): OffsetCommitRequest {
  from = frame;
  at = 0;
  const groupId = text()!;
  const generationIdOrMemberEpoch = int32();
  const memberId = text()!;
  const groupInstanceId = text();
  const topics = [];
  for (let left = varint() - 1; left > 0; left--) {
    const name = text()!;
    const partitions = [];
    for (let rest = varint() - 1; rest > 0; rest--) {
      partitions.push({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32(),
        committedMetadata: text(),
      });
      at++;
    }
    at++;
    topics.push({ name, topicId: "AAAAAAAAAAAAAAAAAAAAAA", partitions });
  }
  at++;
  return { groupId, generationIdOrMemberEpoch, memberId, groupInstanceId, retentionTimeMs: -1, topics };
}
