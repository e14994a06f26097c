import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ResponseFrames } from "../../src/client/response-frames.ts";

function framed(frame: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(frame.length);
  return Buffer.concat([size, frame]);
}

test("frames come out whole, wherever the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      (frames, cuts) => {
        const stream = Buffer.concat(frames.map(framed));
        const found: string[] = [];
        const reader = new ResponseFrames((frame) => found.push(Buffer.from(frame).toString("hex")));
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const length = cuts[turn % cuts.length]!;
          reader.push(stream.subarray(at, at + length));
          at += length;
        }
        assert.deepEqual(
          found,
          frames.map((frame) => Buffer.from(frame).toString("hex")),
        );
      },
    ),
  );
});

test("a frame that lies whole in what came is a view of it", () => {
  const chunk = framed(Buffer.from("abc"));
  let found: Uint8Array | undefined;
  new ResponseFrames((frame) => {
    found = frame;
  }).push(chunk);
  assert.equal(found?.buffer, chunk.buffer);
});

test("another protocol is told by its name", () => {
  const push = (hex: string) => () => new ResponseFrames(() => undefined).push(Buffer.from(hex, "hex"));
  assert.throws(push("15030300020228"), /speaks TLS .*security\.protocol/);
  assert.throws(push("485454502f312e31"), /speaks HTTP/);
  assert.throws(push("ffffffff"), /something else \(0xffffffff\)/);
});
