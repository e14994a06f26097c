import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeMessage, encodeMessage } from "../../src/protocol/codec.ts";
import { ErrorCode, errorName, isRetriable } from "../../src/protocol/errors.ts";
import { ProtocolError, type ProtocolErrorKind } from "../../src/protocol/protocol-error.ts";
import { cursor, readText, readUnsignedVarint } from "../../src/protocol/reader.ts";
import {
  array,
  boolean,
  bytes,
  type Field,
  float64,
  int8,
  int16,
  int32,
  int64,
  maxInt64,
  message,
  nullable,
  records,
  string,
  struct,
  uint16,
  uint32,
  uuid,
} from "../../src/protocol/schema.ts";
import { plainUtf8 } from "../../src/protocol/utf8.ts";
import { writeUnsignedVarint } from "../../src/protocol/writer.ts";
import { fromHex, toHex, vectorJson } from "../vectors.ts";

const refusal = (kind: ProtocolErrorKind) => (error: unknown) => error instanceof ProtocolError && error.kind === kind;

/** A message of one field, in version 0 as before flexible versions and in version 1 flexible. */
const single = (field: Field) => message("Single", { versions: [0, 1], flexible: 1, fields: { field } });

test("unsigned varints are Kafka's", () => {
  interface Varints {
    readonly unsignedVarint: readonly { readonly value: number; readonly hex: string }[];
    readonly badVarint: readonly { readonly hex: string }[];
  }
  const golden = vectorJson<Varints>("protocol/primitives.json");
  for (const { value, hex } of golden.unsignedVarint) {
    const written = new Uint8Array(5);
    assert.equal(toHex(written.subarray(0, writeUnsignedVarint(written, 0, value))), hex);
    assert.equal(readUnsignedVarint(fromHex(hex), 0, "value"), value);
    assert.equal(cursor.at, hex.length / 2);
  }
  for (const { hex } of golden.badVarint) {
    assert.throws(() => readUnsignedVarint(fromHex(hex), 0, "value"), ProtocolError, hex);
  }
});

test("any value that can be written is read as it was", () => {
  const samples: [Field, fc.Arbitrary<unknown>][] = [
    [int8, fc.integer({ min: -128, max: 127 })],
    [int16, fc.integer({ min: -32768, max: 32767 })],
    [int32, fc.integer()],
    [uint16, fc.integer({ min: 0, max: 65535 })],
    [uint32, fc.integer({ min: 0, max: 2 ** 32 - 1 })],
    [int64, fc.maxSafeInteger()],
    [float64, fc.double()],
    [boolean, fc.boolean()],
    [nullable(string), fc.option(fc.string({ unit: "grapheme", maxLength: 300 }))],
    [nullable(bytes), fc.option(fc.uint8Array({ maxLength: 300 }))],
    [nullable(records), fc.option(fc.uint8Array({ maxLength: 3000 }))],
    [
      nullable(array(nullable(string))),
      fc.option(fc.array(fc.option(fc.string({ unit: "binary" })), { maxLength: 200 })),
    ],
    [
      nullable({ inner: array(int64) }),
      fc.option(fc.record({ inner: fc.array(fc.maxSafeInteger()) }, { noNullPrototype: true })),
    ],
  ];
  for (const [field, values] of samples) {
    const schema = single(field);
    fc.assert(
      fc.property(values, fc.constantFrom(0, 1), (value, version) => {
        const written = encodeMessage(schema, version, { field: value });
        assert.deepEqual(decodeMessage(schema, version, written), { field: value });
      }),
    );
  }
});

test("a text is read as it stands there, whatever was read before", () => {
  const isReadRight = (bytes: Uint8Array) =>
    assert.equal(readText(bytes, 0, bytes.length), plainUtf8.utf8Decode(bytes, 0, bytes.length));
  const texts = fc.oneof(fc.string({ maxLength: 3 }), fc.string({ minLength: 60, maxLength: 70 }));
  fc.assert(
    fc.property(fc.array(texts, { minLength: 1 }), (some) => {
      for (const text of [...some, ...some]) isReadRight(new TextEncoder().encode(text));
    }),
    { numRuns: 500 },
  );
  // Malformed bytes whose numbers are the characters of a text that stands in their place.
  for (let first = 0x80; first <= 0xff; first++) {
    for (let second = 0x80; second <= 0xff; second++) {
      isReadRight(new TextEncoder().encode(String.fromCharCode(first, second)));
      isReadRight(Uint8Array.of(first, second));
    }
  }
});

test("a string of more than 32,767 bytes is refused as too large", () => {
  for (const text of ["x".repeat(32_768), "é".repeat(16_384)]) {
    for (const version of [0, 1]) {
      const write = () => encodeMessage(single(string), version, { field: text });
      assert.throws(write, refusal("too large"), `${text.length} characters`);
    }
  }
});

test("what does not fit its field is refused, not cut", () => {
  const wrong: [Field, unknown[]][] = [
    [int8, [128, -129, 1.5, Number.NaN, "1", null, undefined]],
    [int16, [32768, -32769, 0.5, null, undefined]],
    [int32, [2 ** 31, -(2 ** 31) - 1, Number.NaN, undefined]],
    [uint16, [-1, 65536]],
    [uint32, [-1, 2 ** 32]],
    [int64, [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 64, -(2 ** 64), 2n ** 63n, undefined]],
    [float64, ["1", null]],
    [boolean, [0, null, undefined]],
    [string, [1, null, undefined]],
    [bytes, ["text", null, [1]]],
    [records, [null, 5, "text"]],
    [uuid, ["", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA*", null]],
    [array(int32), [null, new Int32Array(1), [2 ** 31], [null]]],
    [struct({ inner: int32 }), [null, 1, {}, { inner: "1" }]],
  ];
  for (const [field, values] of wrong) {
    for (const value of values) {
      for (const version of [0, 1]) {
        const write = () => encodeMessage(single(field), version, { field: value });
        assert.throws(write, refusal("invalid value"), `${field.type.kind}: ${String(value).slice(0, 40)}`);
      }
    }
  }
});

test("int64 beyond 2^53 are the nearest double, and Long.MAX_VALUE stays itself", () => {
  const schema = single(int64);
  const read = (hex: string) => decodeMessage(schema, 0, fromHex(hex)).field;
  assert.equal(read("7fffffffffffffff"), maxInt64);
  assert.equal(read("8000000000000000"), -maxInt64);
  assert.equal(read("0020000000000001"), 2 ** 53);
  assert.equal(read("ffffffffffffffff"), -1);
  assert.equal(toHex(encodeMessage(schema, 0, { field: maxInt64 })), "7fffffffffffffff");
  assert.equal(toHex(encodeMessage(schema, 0, { field: -maxInt64 })), "8000000000000000");
  assert.equal(decodeMessage(schema, 0, fromHex("7ffffffffffffffe"), { exact: true }).field, 2n ** 63n - 2n);
});

test("a value in a field that the version lacks is refused, unless it is the default or may be dropped", () => {
  const schema = message("Later", {
    versions: [0, 1],
    fields: {
      strict: int32.since(1).default(-1),
      lenient: string.since(1).ignorable(),
      list: array(int32).versions(0, 0),
    },
  });
  assert.equal(encodeMessage(schema, 0, { strict: -1, lenient: "dropped", list: [] }).length, 4);
  assert.throws(() => encodeMessage(schema, 0, { strict: 5 }), refusal("unsupported field"));
  assert.throws(() => encodeMessage(schema, 1, { list: [1] }), refusal("unsupported field"));
  const none = { strict: -1, lenient: "", list: [] };
  assert.deepEqual(decodeMessage(schema, 0, new Uint8Array(4)), none);
});

test("a version that the message does not have is refused", () => {
  for (const version of [-1, 2, 0.5, Number.NaN]) {
    assert.throws(() => decodeMessage(single(int8), version, new Uint8Array(9)), refusal("unknown version"));
    assert.throws(() => encodeMessage(single(int8), version, { field: 1 }), refusal("unknown version"));
  }
});

test("lengths are measured against what remains before anything is allocated", () => {
  const cases: [Field, number, string, ProtocolErrorKind][] = [
    [string, 0, "7fff61", "too large"],
    [string, 0, "ffff", "negative length"],
    [string, 0, "61", "truncated"],
    [string, 1, "ffffffff0f", "too large"],
    [string, 1, "00", "negative length"],
    [bytes, 0, "7fffffff00", "too large"],
    [bytes, 0, "ffffffff", "negative length"],
    [array(int64), 0, "000000020000000000000000", "too large"],
    [array(int8), 0, "7fffffff", "too large"],
    [array({ a: string, b: string }), 1, "040101", "too large"],
    [array(struct({})), 0, "7fffffff", "too large"],
    [int64, 0, "00000000000000", "truncated"],
    [uuid, 1, "00".repeat(15), "truncated"],
    [boolean, 1, "01ffffffffff", "invalid varint"],
    [boolean, 1, "01010005", "too large"],
  ];
  for (const [field, version, hex, kind] of cases) {
    assert.throws(
      () => decodeMessage(single(field), version, fromHex(hex)),
      refusal(kind),
      `${field.type.kind} ${hex}`,
    );
  }
});

test("errors name the message, its version and the field", () => {
  const schema = single(array({ inner: string }));
  assert.throws(() => decodeMessage(schema, 0, fromHex("0000000100056162")), {
    message: "Single v0: field.inner: length 5 before byte 6, 2 bytes remain",
  });
});

test("error codes are Kafka's, and so is which of them are worth another try", () => {
  interface GoldenError {
    readonly code: number;
    readonly name: string;
    readonly retriable: boolean;
  }
  const { errors } = vectorJson<{ errors: GoldenError[] }>("protocol/errors.json");
  assert.deepEqual(ErrorCode, Object.fromEntries(errors.map(({ name, code }) => [name, code])));
  for (const { code, name, retriable } of errors) {
    assert.equal(errorName(code), name);
    assert.equal(isRetriable(code), retriable, name);
  }
  assert.equal(errorName(9999), "error 9999");
});
