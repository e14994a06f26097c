import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { constants, deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { plainPlatform } from "../../src/protocol/plain-platform.ts";
import { CompressionError } from "../../src/protocol/platform.ts";

const codecs = ["gzip", "snappy", "lz4", "zstd"] as const;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const repeated = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => "line of text ".charCodeAt(i % 13));

describe("compression on Node", () => {
  for (const codec of codecs) {
    for (const length of [0, 1, 100, 32 * 1024, 32 * 1024 + 1, 1_000_000]) {
      test(`${codec}: ${length} bytes come back, also from the middle of a buffer`, () => {
        const around = new Uint8Array(length + 20);
        around.set(repeated(length), 7);
        const packed = nodePlatform.compress(codec, around.subarray(7, 7 + length));
        const within = new Uint8Array(packed.length + 9);
        within.set(packed, 5);
        const unpacked = nodePlatform.decompress(codec, within.subarray(5, 5 + packed.length), length);
        assert.equal(Buffer.compare(unpacked, repeated(length)), 0);
      });
    }

    test(`${codec}: one byte more than allowed is refused`, () => {
      const length = 200_000;
      const packed = nodePlatform.compress(codec, repeated(length));
      assert.throws(() => nodePlatform.decompress(codec, packed, length / 2), CompressionError);
    });

    test(`${codec}: bytes cut anywhere are refused`, () => {
      const packed = nodePlatform.compress(codec, repeated(500));
      const snappyBlockEnds = codec === "snappy" ? [16] : []; // between blocks nothing tells that there was another
      for (let end = 0; end < packed.length; end++) {
        if (snappyBlockEnds.includes(end)) continue;
        assert.throws(
          () => nodePlatform.decompress(codec, packed.subarray(0, end), 10_000),
          CompressionError,
          `at ${end}`,
        );
      }
    });
  }

  test("snappy: two streams one behind the other are read, as by snappy-java", () => {
    const one = nodePlatform.compress("snappy", bytesOf("one "));
    const two = nodePlatform.compress("snappy", bytesOf("two"));
    assert.equal(Buffer.from(nodePlatform.decompress("snappy", Buffer.concat([one, two]), 100)).toString(), "one two");
  });

  test("snappy: a claim of 4 GB in a few bytes is refused before anything is allocated", () => {
    const before = process.memoryUsage().rss;
    const claim = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0);
    assert.throws(() => nodePlatform.decompress("snappy", claim, 2 ** 33), /claims to hold 4294967295/);
    assert.ok(process.memoryUsage().rss - before < 100_000_000);
  });

  test("lz4: blocks that depend on each other are refused, for Java's consumers cannot read them", () => {
    const packed = Uint8Array.from(nodePlatform.compress("lz4", repeated(100)));
    packed[4]! &= ~0x20;
    assert.throws(() => nodePlatform.decompress("lz4", packed, 1000), /depend on each other/);
  });

  test("gzip and zstd: several members one behind the other are read", () => {
    const twice = (bytes: Uint8Array) => Buffer.concat([bytes, bytes]);
    assert.equal(nodePlatform.decompress("gzip", twice(gzipSync("abc")), 100).length, 6);
    assert.equal(nodePlatform.decompress("zstd", twice(zstdCompressSync("abc")), 100).length, 6);
  });

  test("raw deflate is no gzip", () => {
    const raw = deflateRawSync("abc", { level: constants.Z_BEST_SPEED });
    assert.throws(() => nodePlatform.decompress("gzip", raw, 100), CompressionError);
  });

  test("the plain platform knows no codec and says so", () => {
    for (const codec of codecs) {
      assert.throws(() => plainPlatform.compress(codec, repeated(10)), CompressionError);
      assert.throws(() => plainPlatform.decompress(codec, repeated(10), 10), CompressionError);
    }
  });
});

describe("Node and plain JavaScript agree", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.array(fc.integer({ min: 0xd700, max: 0xe000 }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
  );

  test("on CRC-32C, of any length and at any place", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.nat(50), fc.nat(50), (bytes, from, less) => {
        const end = Math.max(from, bytes.length - less);
        if (end > bytes.length) return;
        assert.equal(nodePlatform.crc32c(bytes, from, end), plainPlatform.crc32c(bytes, from, end));
      }),
      { numRuns: 3_000 },
    );
    assert.equal(plainPlatform.crc32c(bytesOf("123456789"), 0, 9), 0xe306_9283);
  });

  test("on UTF-8 that they write, lone surrogates included", () => {
    fc.assert(
      fc.property(text, (each) => {
        const length = nodePlatform.utf8Length(each);
        assert.equal(length, plainPlatform.utf8Length(each));
        const [ours, theirs] = [new Uint8Array(length + 6), new Uint8Array(length + 6)];
        assert.equal(nodePlatform.utf8Write(each, ours, 3), length);
        assert.equal(plainPlatform.utf8Write(each, theirs, 3), length);
        assert.deepEqual(ours, theirs);
        if (each.isWellFormed()) assert.equal(nodePlatform.utf8Decode(ours, 3, 3 + length), each);
      }),
      { numRuns: 5_000 },
    );
  });

  test("with Java on how many U+FFFD stand for malformed bytes", () => {
    const seenInJava: [string, string][] = [
      ["eda08fdf9f", "\ufffd\u07df"], // an encoded surrogate is one part
      ["eda0c0", "\ufffd\ufffd"], // and so is the start of one
      ["f3edbf8ff1", "\ufffd\ufffd\ufffd"],
      ["f0908041", "\ufffdA"], // the start of a sequence that breaks off is one part
      ["f08080", "\ufffd\ufffd\ufffd"], // bytes that can start nothing are one part each
      ["c0af", "\ufffd\ufffd"],
    ];
    for (const [hex, text] of seenInJava) {
      const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
      assert.equal(nodePlatform.utf8Decode(bytes, 0, bytes.length), text, hex);
      assert.equal(plainPlatform.utf8Decode(bytes, 0, bytes.length), text, hex);
    }
  });

  test("on UTF-8 that they read, malformed included", () => {
    const byte = fc.oneof(fc.integer({ min: 0x41, max: 0x5a }), fc.integer({ min: 0x80, max: 0xff }));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 24 }), fc.nat(3), (list, start) => {
        const bytes = Uint8Array.from([0x41, 0x42, 0x43, ...list, 0x44]);
        const end = bytes.length - 1;
        assert.equal(nodePlatform.utf8Decode(bytes, start, end), plainPlatform.utf8Decode(bytes, start, end));
      }),
      { numRuns: 10_000 },
    );
  });
});

test("a client's expression is RE2's, means the whole text, and cannot stop the broker", () => {
  const matches = (pattern: string, text: string) => nodePlatform.fullMatcher(pattern)?.(text);
  assert.deepEqual(
    [matches("pay-.*", "pay-1"), matches("pay", "pay-1"), matches("(?i)PAY", "pay")],
    [true, false, true],
  );
  assert.deepEqual([matches("(", "("), matches("pay(?=-1)", "pay-1")], [undefined, undefined]);
  assert.equal(matches("(a+)+b", "a".repeat(200)), false); // years, for an engine that tries every way
});

test("native packages are loaded when first needed, not at start-up", () => {
  const platform = new URL("../../src/platform/node-platform.ts", import.meta.url);
  const script = `
    const { nodePlatform } = await import(${JSON.stringify(platform.href)});
    const { createRequire } = await import("node:module");
    const { cache } = createRequire(${JSON.stringify(import.meta.url)});
    const loaded = () => Object.keys(cache).filter((path) => path.endsWith(".node")).length;
    const before = loaded();
    nodePlatform.crc32c(new Uint8Array(1000), 0, 1000);
    const afterLittle = loaded();
    nodePlatform.crc32c(new Uint8Array(100_000), 0, 100_000);
    console.log(before, afterLittle, loaded());`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script]).toString();
  assert.equal(output.trim(), "0 0 1");
});
