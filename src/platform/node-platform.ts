/** The platform seam on Node: Buffer, zlib, and native CRC-32C, lz4, snappy and RE2, each loaded when first needed. */
import { createRequire } from "node:module";
import { plainPlatform } from "../protocol/plain-platform.ts";
import { type CompressionCodec, CompressionError, type Platform } from "../protocol/platform.ts";
import { checkLz4Frame } from "./lz4-frame.ts";
import { compressSnappy, decompressSnappy } from "./snappy-stream.ts";

const require = createRequire(import.meta.url);

/** Loads a package at its first use: together they cost more than 30 ms, which a start-up need not pay. */
function lazily<T>(name: string): () => T {
  let loaded: T | undefined;
  return () => {
    loaded ??= require(name) as T;
    return loaded;
  };
}

const zlib = lazily<typeof import("node:zlib")>("node:zlib");
const crc32 = lazily<typeof import("@node-rs/crc32")>("@node-rs/crc32");
const lz4 = lazily<typeof import("lz4-napi")>("lz4-napi");
const snappy = lazily<typeof import("snappy")>("snappy");
const re2 = lazily<typeof import("re2js")>("re2js");

/** Up to here plain JavaScript beats the call into the native package (155 against 172 ns at 200 bytes). */
const plainCrcBytes = 200;
/** Up to here plain JavaScript beats V8's decoder: 27–100 against 100 ns. */
const plainTextDecodeBytes = 12;
/** And up to here its encoder: 11–28 against 30–50 ns. */
const plainTextEncodeUnits = 8;

const { utf8Slice, utf8Write } = Buffer.prototype as unknown as {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  utf8Write(this: Uint8Array, text: string, at: number): number;
};

/** Character codes of a short text, one array for each length, so that `fromCharCode` makes it in one call. */
const codesOfLength = Array.from({ length: plainTextDecodeBytes + 1 }, (_, length) =>
  new Array<number>(length).fill(0),
);

/** @returns undefined when a byte is not ASCII. */
function shortAscii(bytes: Uint8Array, start: number, length: number): string | undefined {
  const codes = codesOfLength[length]!;
  for (let index = 0; index < length; index++) {
    const byte = bytes[start + index]!;
    if (byte > 0x7f) return undefined;
    codes[index] = byte;
  }
  return String.fromCharCode.apply(null, codes);
}

function utf8Decode(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length <= 0) return "";
  const text =
    (length <= plainTextDecodeBytes ? shortAscii(bytes, start, length) : undefined) ??
    utf8Slice.call(bytes, start, end);
  // Java and V8 replace some malformed sequences by different numbers of U+FFFD: the plain decoder does it as Java.
  return text.includes("\ufffd") ? plainPlatform.utf8Decode(bytes, start, end) : text;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

function utf8Length(text: string): number {
  if (text.length <= plainTextEncodeUnits && isAscii(text)) return text.length;
  return text.isWellFormed() ? Buffer.byteLength(text) : plainPlatform.utf8Length(text);
}

function utf8WriteAt(text: string, into: Uint8Array, at: number): number {
  if (text.length <= plainTextEncodeUnits && isAscii(text)) {
    for (let index = 0; index < text.length; index++) into[at + index] = text.charCodeAt(index);
    return text.length;
  }
  return text.isWellFormed() ? utf8Write.call(into, text, at) : plainPlatform.utf8Write(text, into, at);
}

/** The same memory as a Buffer, which the native packages ask for. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The native package takes 6 ms to load: what a broker checks until its first answer is not worth that. */
let plainBytesLeft = 32 * 1024;

function crc32c(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start;
  if (size <= plainCrcBytes) return plainPlatform.crc32c(bytes, start, end);
  if (size <= plainBytesLeft) {
    plainBytesLeft -= size;
    return plainPlatform.crc32c(bytes, start, end);
  }
  return crc32().crc32c(asBuffer(bytes.subarray(start, end)));
}

interface Codec {
  compress(bytes: Uint8Array): Uint8Array;
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

const codecs: Record<CompressionCodec, Codec> = {
  gzip: {
    compress: (bytes) => zlib().gzipSync(bytes),
    decompress: (bytes, maxBytes) => zlib().gunzipSync(bytes, { maxOutputLength: maxBytes }),
  },
  zstd: {
    compress: (bytes) => zlib().zstdCompressSync(bytes),
    decompress: (bytes, maxBytes) => zlib().zstdDecompressSync(bytes, { maxOutputLength: maxBytes }),
  },
  lz4: {
    compress: (bytes) => lz4().compressFrameSync(asBuffer(bytes)),
    decompress: (bytes, maxBytes) => {
      const frame = checkLz4Frame(bytes, maxBytes);
      return lz4().decompressFrameSync(asBuffer(frame));
    },
  },
  snappy: {
    compress: (bytes) => compressSnappy(bytes, (block) => snappy().compressSync(block)),
    decompress: (bytes, maxBytes) =>
      decompressSnappy(bytes, maxBytes, (block) => snappy().uncompressSync(block, { asBuffer: true }) as Buffer),
  },
};

/** Every failure of a codec is a {@link CompressionError}, whatever the package throws. */
function orCompressionError(codec: CompressionCodec, run: () => Uint8Array): Uint8Array {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof CompressionError) throw cause;
    throw new CompressionError(`${codec}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function fullMatcher(pattern: string): ((text: string) => boolean) | undefined {
  const { RE2JS, RE2JSSyntaxException } = re2();
  try {
    const expression = RE2JS.compile(pattern);
    return (text) => expression.matches(text);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return undefined;
    throw error;
  }
}

/** The platform of Node.js: its UTF-8, a native CRC-32C, and all of Kafka's compression codecs. */
export const nodePlatform: Platform = {
  utf8Decode,
  utf8Length,
  utf8Write: utf8WriteAt,
  crc32c,
  compress: (codec, bytes) => orCompressionError(codec, () => codecs[codec].compress(bytes)),
  decompress: (codec, bytes, maxBytes) =>
    orCompressionError(codec, () => codecs[codec].decompress(bytes, Math.max(maxBytes, 1))),
  fullMatcher,
};
