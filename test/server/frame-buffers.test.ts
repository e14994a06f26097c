import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameBuffers } from "../../src/server/frame-buffers.ts";
import { FrameReader } from "../../src/server/frames.ts";

test("memory that was given back is lent again, to one at a time", () => {
  const buffers = new FrameBuffers(1_000_000);
  const first = buffers.take(70_000);
  const second = buffers.take(70_000);
  assert.notEqual(first.buffer, second.buffer);
  buffers.giveBack(first);
  buffers.giveBack(first); // no one has it any more
  assert.equal(buffers.take(100_000).buffer, first.buffer, "the same size class");
  assert.notEqual(buffers.take(100_000).buffer, first.buffer);
});

test("no more is kept than was said, and nothing of others", () => {
  const buffers = new FrameBuffers(131_072);
  const [first, second] = [buffers.take(70_000), buffers.take(70_000)];
  buffers.giveBack(Buffer.alloc(131_072));
  buffers.giveBack(first);
  buffers.giveBack(second);
  assert.equal(buffers.take(70_000).buffer, first.buffer);
  assert.notEqual(buffers.take(70_000).buffer, second.buffer);
});

test("frames in pieces are whole in memory that was used before", () => {
  const buffers = new FrameBuffers(1_000_000);
  const texts = ["a".repeat(20_000), "b".repeat(30_000), "c".repeat(17_000)];
  const memories = new Set<ArrayBufferLike>();
  const read: string[] = [];
  const onFrame = (frame: Uint8Array) => {
    read.push(Buffer.from(frame).toString());
    memories.add(frame.buffer);
    buffers.giveBack(frame);
  };
  const reader = new FrameReader(100_000, onFrame, buffers);
  const size = (text: string) => Buffer.of(0, 0, text.length >> 8, text.length);
  const stream = Buffer.concat(texts.flatMap((text) => [size(text), Buffer.from(text)]));
  for (let at = 0; at < stream.length; at += 10_001) reader.push(stream.subarray(at, at + 10_001));
  assert.deepEqual(read, texts);
  assert.equal(memories.size, 1);
});

test("small ones share pieces of 4 KB, and none of them overlaps another", () => {
  const buffers = new FrameBuffers(0);
  const parts = Array.from({ length: 100 }, (_, at) => buffers.take(100).fill(at));
  for (const [at, part] of parts.entries()) assert.ok(part.every((byte) => byte === at));
  assert.equal(new Set(parts.map(({ buffer }) => buffer)).size, 3);
  for (const { buffer } of parts) assert.ok(buffer.byteLength <= 4096);
  assert.equal(buffers.take(2000).buffer.byteLength, 2000);
});
