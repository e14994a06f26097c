import assert from "node:assert/strict";
import { test } from "node:test";
import { type FrameProblem, FrameReader } from "../../src/server/frames.ts";

function read(chunks: readonly Buffer[], maxBytes = 1000): { frames: string[]; problem: FrameProblem | undefined } {
  const frames: string[] = [];
  const reader = new FrameReader(maxBytes, (frame) => frames.push(Buffer.from(frame).toString()));
  let problem: FrameProblem | undefined;
  for (const chunk of chunks) problem ??= reader.push(chunk);
  return { frames, problem };
}

function frame(text: string): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(Buffer.byteLength(text));
  return Buffer.concat([size, Buffer.from(text)]);
}

test("frames come out whole however the stream is cut", () => {
  const texts = ["a", "", "some longer text", "b".repeat(300)];
  const stream = Buffer.concat(texts.map(frame));
  for (let size = 1; size <= stream.length; size++) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
    assert.deepEqual(read(chunks).frames, texts, `in chunks of ${size}`);
  }
});

test("a size below zero or above the limit is a problem, after what came before it", () => {
  assert.deepEqual(read([frame("ok"), Buffer.from("ffffffff", "hex")]), {
    frames: ["ok"],
    problem: { kind: "size", size: -1 },
  });
  assert.deepEqual(read([Buffer.from("000003e9", "hex")]).problem, { kind: "size", size: 1001 });
  assert.equal(read([Buffer.from("000003e8", "hex")]).problem, undefined);
});

test("the first bytes of TLS and HTTP are recognised, later ones are sizes", () => {
  assert.deepEqual(read([Buffer.from("16030100f8", "hex")]).problem, { kind: "protocol", name: "TLS" });
  for (const line of ["GET / HTTP/1.1", "POST /x HTTP/1.1", "PRI * HTTP/2.0"]) {
    assert.deepEqual(read([Buffer.from(line)]).problem, { kind: "protocol", name: "HTTP" });
  }
  assert.deepEqual(read([Buffer.concat([frame("ok"), Buffer.from("GET /")])]).problem, {
    kind: "size",
    size: 0x47455420,
  });
});

test("the size of a frame that has begun is told until the frame is whole", () => {
  const reader = new FrameReader(1000, () => undefined);
  const told = [...Buffer.concat([frame("abc"), frame(""), frame("d")])].map((byte) => {
    reader.push(Buffer.of(byte));
    return reader.announcedBytes;
  });
  assert.deepEqual(told, [0, 0, 0, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
});

test("a size takes no memory by itself: a large frame gets more as its bytes come, and gives the former back", () => {
  const taken: number[] = [];
  const free: number[] = [];
  const memory = {
    take: (bytes: number) => {
      taken.push(bytes);
      return Buffer.alloc(bytes);
    },
    giveBack: ({ length }: Uint8Array) => void free.push(length),
  };
  const text = "0123456789".repeat(200_000);
  let whole = "";
  const reader = new FrameReader(10_000_000, (bytes) => (whole = Buffer.from(bytes).toString()), memory);
  const stream = frame(text);
  reader.push(stream.subarray(0, 5));
  assert.deepEqual(taken, [256 * 1024]);
  for (let at = 5; at < stream.length; at += 60_000) reader.push(stream.subarray(at, at + 60_000));
  assert.equal(whole, text);
  assert.deepEqual(taken, [256 * 1024, 1024 * 1024, 2_000_000]);
  assert.deepEqual(free, [256 * 1024, 1024 * 1024]);
});

test("a frame is no view of what was pushed, which may be written to again", () => {
  const frames: Uint8Array[] = [];
  const reader = new FrameReader(100, (bytes) => frames.push(bytes));
  const memory = Buffer.concat([frame("abc"), Buffer.from("left from before")]);
  reader.push(memory, 7);
  memory.fill(0);
  assert.deepEqual(frames.map(String), ["abc"]);
});
