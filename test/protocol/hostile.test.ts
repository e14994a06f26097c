import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { apis } from "../../src/protocol/apis/index.ts";
import { JoinGroup, type JoinGroupRequest } from "../../src/protocol/apis/join-group.ts";
import { ListConfigResources } from "../../src/protocol/apis/list-config-resources.ts";
import { encodeMessage } from "../../src/protocol/codec.ts";
import { peekRequest, readRequestHeader } from "../../src/protocol/frame.ts";
import { memoryBound, mostElements } from "../../src/protocol/memory-bound.ts";
import { ProtocolError } from "../../src/protocol/protocol-error.ts";
import type { Message } from "../../src/protocol/schema.ts";
import { writeUnsignedVarint } from "../../src/protocol/writer.ts";
import { fromHex, vectorLines } from "../vectors.ts";
import { type Codec, codecsOf, type GoldenLine } from "./golden.ts";

const messages = new Map<string, Message>();
for (const api of apis) {
  messages.set(`${api.name} request`, api.request);
  messages.set(`${api.name} response`, api.response);
}

interface Seed {
  readonly line: GoldenLine;
  readonly bytes: Uint8Array;
}

const seeds: Seed[] = vectorLines<GoldenLine>("protocol/golden.jsonl")
  .filter(({ api, kind, case: name }) => messages.has(`${api} ${kind}`) && name !== "default")
  .map((line) => ({ line, bytes: fromHex(line.hex) }));

const made = new Map<string, ReturnType<typeof codecsOf>>();

function codecsFor({ api, kind, version }: GoldenLine): ReturnType<typeof codecsOf> {
  const key = `${api} ${kind} ${version}`;
  let codecs = made.get(key);
  if (codecs === undefined) {
    codecs = codecsOf(messages.get(`${api} ${kind}`)!, version, { exact: false, keepUnknownTags: true });
    made.set(key, codecs);
  }
  return codecs;
}

/** Bytes that lengths, counts and varints are made of when somebody means harm. */
const nasty = [
  "ff",
  "00",
  "80",
  "7f",
  "01",
  "ffffffff",
  "7fffffff",
  "80000000",
  "7fff",
  "ffff",
  "ffffffff0f",
  "ffffffff07",
  "8080808000",
];

interface Mutation {
  /** Where, as a part of the whole. */
  readonly at: number;
  readonly kind: "cut" | "overwrite" | "insert" | "remove" | "flip";
  readonly bytes: string;
  readonly count: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  kind: fc.constantFrom("cut", "overwrite", "overwrite", "overwrite", "insert", "remove", "flip"),
  bytes: fc.constantFrom(...nasty),
  count: fc.integer({ min: 1, max: 8 }),
});

function mutate(bytes: Uint8Array, { at, kind, bytes: hex, count }: Mutation): Uint8Array {
  const index = Math.floor(at * bytes.length);
  const before = bytes.subarray(0, index);
  if (kind === "cut") return before;
  if (kind === "insert") return Buffer.concat([before, fromHex(hex), bytes.subarray(index)]);
  if (kind === "remove") return Buffer.concat([before, bytes.subarray(index + count)]);
  if (kind === "flip") {
    const flipped = Uint8Array.from(bytes);
    flipped[index]! ^= 1 << (count - 1);
    return flipped;
  }
  return Buffer.concat([before, fromHex(hex), bytes.subarray(index + hex.length / 2)]);
}

/** The value, or the kind of error if it is one of ours; any other error fails the test. */
function outcome(codec: Codec, bytes: Uint8Array): unknown {
  try {
    return codec.decode(bytes, 0);
  } catch (error) {
    if (error instanceof ProtocolError) return { kind: error.kind };
    throw error;
  }
}

/** Roughly the memory of a decoded value in bytes. */
function weigh(value: unknown): number {
  if (typeof value === "string") return 24 + value.length;
  if (value instanceof Uint8Array) return 104;
  if (typeof value !== "object" || value === null) return 8;
  return Object.values(value).reduce<number>((sum, part) => sum + 8 + weigh(part), 32);
}

test("hostile bytes: 20,000 damaged messages give a value or a typed error, the same compiled and interpreted", () => {
  fc.assert(
    fc.property(fc.nat(seeds.length - 1), fc.array(mutation, { minLength: 1, maxLength: 3 }), (index, mutations) => {
      const { line, bytes } = seeds[index]!;
      const damaged = mutations.reduce(mutate, bytes);
      const [[, compiled], [, interpreted]] = codecsFor(line);
      const result = outcome(compiled, damaged);
      assert.deepStrictEqual(result, outcome(interpreted, damaged));
      assert.ok(weigh(result) <= memoryBound(damaged.length), "memory stays a small multiple of the message");
    }),
    { numRuns: 20_000 },
  );
});

test("hostile bytes: every message, cut at every byte, is refused or read without what was cut", () => {
  for (const { line, bytes } of seeds.filter(({ bytes }) => bytes.length < 400)) {
    const [[, compiled]] = codecsFor(line);
    for (let length = 0; length < bytes.length; length++) {
      const error = outcome(compiled, bytes.subarray(0, length));
      assert.ok(
        error !== null && typeof error === "object" && "kind" in error,
        `${line.api} v${line.version} at ${length}`,
      );
    }
  }
});

test("hostile bytes: millions of elements of nothing are refused before they are built", () => {
  const { request } = JoinGroup;
  const empty = { groupId: "", sessionTimeoutMs: 1, memberId: "", protocolType: "", protocols: [] };
  const start = encodeMessage(request, 9, empty).subarray(0, -3); // all before the count of protocols
  for (const [count, refused] of [
    [80_000, false],
    [5_000_000, true],
  ] as const) {
    const elements = new Uint8Array(3 * count).fill(1);
    for (let at = 2; at < elements.length; at += 3) elements[at] = 0; // no tagged fields
    const varint = new Uint8Array(5);
    const size = writeUnsignedVarint(varint, 0, count + 1);
    const bytes = Buffer.concat([start, varint.subarray(0, size), elements, Uint8Array.from([0, 0])]);
    for (const [how, codec] of codecsOf(request, 9, { exact: false, keepUnknownTags: false })) {
      if (refused)
        assert.throws(() => codec.decode(bytes, 0), { kind: "too large", message: /too many elements/ }, how);
      else assert.equal((codec.decode(bytes, 0) as JoinGroupRequest).protocols.length, count, how);
    }
  }
});

test("hostile bytes: an array longer than V8 can hold as one is refused before it is built", () => {
  const count = mostElements + 1;
  const bytes = new Uint8Array(5 + count + 1); // the count, elements of one byte, no tagged fields
  const at = writeUnsignedVarint(bytes, 0, count + 1);
  for (const [how, codec] of codecsOf(ListConfigResources.request, 1, { exact: false, keepUnknownTags: false })) {
    const decode = () => codec.decode(bytes.subarray(0, at + count + 1), 0);
    assert.throws(decode, { kind: "too large", message: /too many elements/ }, how);
  }
});

test("hostile bytes: noise in place of a header is refused, or read as one", () => {
  const heads = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(heads, fc.nat(apis.length - 1), fc.integer({ min: -1, max: 20 }), (frame, index, version) => {
      try {
        peekRequest(frame);
        readRequestHeader(apis[index]!, version, frame);
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    }),
    { numRuns: 10_000 },
  );
});
