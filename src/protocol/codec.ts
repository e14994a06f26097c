/**
 * Between bytes and values.
 *
 *     const request = decodeRequest(JoinGroup, 9, body);
 *     const bytes = encodeResponse(JoinGroup, 9, { errorCode: ErrorCode.NONE, … });
 *
 * The functions behind are made at first use of a version, and kept with the message. Text is read and written by what
 * `installUtf8` (utf8.ts) was given, else by plain JavaScript.
 */
import { compileDecoder, compileEncoder, type Decoder, type Encoder } from "./compile.ts";
import { cursor, truncated } from "./reader.ts";
import type {
  Api,
  Message,
  MessageInput,
  MessageOf,
  RequestInput,
  RequestOf,
  ResponseInput,
  ResponseOf,
} from "./schema.ts";
import { Writer } from "./writer.ts";

export interface CodecOptions {
  /** int64 are read as bigint, without loss beyond 2^53. (The types do not tell; encoders take either.) */
  readonly exact?: boolean;
  /** Tagged fields that the schema does not know are read into, and written from, `unknownTaggedFields`. */
  readonly keepUnknownTags?: boolean;
}

/** A tagged field that the schema does not know, in any struct that has a property `unknownTaggedFields` of these. */
export interface UnknownTaggedField {
  readonly tag: number;
  readonly data: Uint8Array;
}

/** The function that reads a version, compiled when first asked for. @throws {ProtocolError} "unknown version" */
export function decoderOf(message: Message, version: number, options?: CodecOptions): Decoder {
  return made(message.decoders as Decoder[], compileDecoder, message, version, options);
}

/** The function that writes a version, compiled when first asked for. @throws {ProtocolError} "unknown version" */
export function encoderOf(message: Message, version: number, options?: CodecOptions): Encoder {
  return made(message.encoders as Encoder[], compileEncoder, message, version, options);
}

function made<F>(
  functions: F[],
  compile: (message: Message, version: number, traits: Required<CodecOptions>) => F,
  message: Message,
  version: number,
  options: CodecOptions | undefined,
): F {
  const variant = options === undefined ? 0 : (options.exact ? 2 : 0) + (options.keepUnknownTags ? 1 : 0);
  const index = 4 * version + variant;
  let found = functions[index];
  if (found === undefined) {
    const traits = { exact: options?.exact ?? false, keepUnknownTags: options?.keepUnknownTags ?? false };
    found = compile(message, version, traits);
    functions[index] = found;
  }
  return found;
}

/** All encoding of the process goes through one writer: it is synchronous. */
export const sharedWriter = new Writer();

/** Bytes as one piece. Bytes after the end of the value are ignored when decoding (rule 58). */
export function encodeMessage<M extends Message>(
  message: M,
  version: number,
  value: MessageInput<M>,
  options?: CodecOptions,
): Uint8Array {
  const encode = encoderOf(message, version, options);
  return joined(sharedWriter.finish(encode(sharedWriter, value, sharedWriter.begin())));
}

export function decodeMessage<M extends Message>(
  message: M,
  version: number,
  bytes: Uint8Array,
  options?: CodecOptions,
): MessageOf<M> {
  return decoderOf(message, version, options)(bytes, 0) as MessageOf<M>;
}

/** A value that does not start the bytes, and where it ends. */
export function decodeMessageAt<M extends Message>(
  message: M,
  version: number,
  bytes: Uint8Array,
  at: number,
  options?: CodecOptions,
): { readonly value: MessageOf<M>; readonly end: number } {
  const value = decoderOf(message, version, options)(bytes, at) as MessageOf<M>;
  return { value, end: cursor.at };
}

/** The value after an int16: its version, or for keys of coordinator records their type. */
export function encodePrefixed<M extends Message>(
  message: M,
  version: number,
  value: MessageInput<M>,
  prefix = version,
): Uint8Array {
  const encode = encoderOf(message, version);
  const at = sharedWriter.begin();
  const bytes = at + 2 > sharedWriter.bytes.length ? sharedWriter.room(at, 2) : sharedWriter.bytes;
  bytes[sharedWriter.at] = prefix >> 8;
  bytes[sharedWriter.at + 1] = prefix;
  return joined(sharedWriter.finish(encode(sharedWriter, value, sharedWriter.at + 2)));
}

/** The int16 that `encodePrefixed` wrote before the value. @throws {ProtocolError} "truncated" */
export function prefixOf(bytes: Uint8Array): number {
  if (bytes.length < 2) throw truncated(bytes, 0, "version", 2);
  return ((bytes[0]! << 24) | (bytes[1]! << 16)) >> 16;
}

/** Reads what `encodePrefixed` wrote. @throws {ProtocolError} "unknown version" */
export function decodeVersioned<M extends Message>(
  message: M,
  bytes: Uint8Array,
): { version: number; value: MessageOf<M> } {
  const version = prefixOf(bytes);
  return { version, value: decodeMessageAt(message, version, bytes, 2).value };
}

export function encodeRequest<A extends Api>(
  api: A,
  version: number,
  request: RequestInput<A>,
  options?: CodecOptions,
): Uint8Array {
  return encodeMessage(api.request, version, request as MessageInput<Message>, options);
}

export function decodeRequest<A extends Api>(
  api: A,
  version: number,
  body: Uint8Array,
  options?: CodecOptions,
): RequestOf<A> {
  return decoderOf(api.request, version, options)(body, 0) as RequestOf<A>;
}

export function encodeResponse<A extends Api>(
  api: A,
  version: number,
  response: ResponseInput<A>,
  options?: CodecOptions,
): Uint8Array {
  return encodeMessage(api.response, version, response as MessageInput<Message>, options);
}

export function decodeResponse<A extends Api>(
  api: A,
  version: number,
  body: Uint8Array,
  options?: CodecOptions,
): ResponseOf<A> {
  return decoderOf(api.response, version, options)(body, 0) as ResponseOf<A>;
}

/** @returns all of them in one; a single one is not copied. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
