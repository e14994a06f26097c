/** Frames: an int32 size, a header whose version follows from API and version, a body. */
import { type CodecOptions, decodeMessageAt, decoderOf, encoderOf, sharedWriter } from "./codec.ts";
import { truncated } from "./reader.ts";
import {
  type Api,
  int16,
  int32,
  type MessageOf,
  message,
  nullable,
  type RequestInput,
  type ResponseInput,
  type ResponseOf,
  string,
} from "./schema.ts";

/** Version 1 has no tagged fields, 2 has. The client id keeps its int16 length in both. */
export const RequestHeader = message("RequestHeader", {
  versions: [1, 2],
  flexible: 2,
  fields: {
    requestApiKey: int16,
    requestApiVersion: int16,
    correlationId: int32,
    clientId: nullable(string).neverFlexible(),
  },
});
export type RequestHeader = MessageOf<typeof RequestHeader>;

export const ResponseHeader = message("ResponseHeader", {
  versions: [0, 1],
  flexible: 1,
  fields: {
    correlationId: int32,
  },
});

/** Works for versions that the API does not have too: the broker must read the header to answer them. */
export function requestHeaderVersion(api: Api, version: number): number {
  return version >= api.flexible ? 2 : 1;
}

const apiVersionsKey = 18;

/** The response of ApiVersions has header 0 in all versions: its reader may not know which of them it got (KIP-511). */
export function responseHeaderVersion(api: Api, version: number): number {
  return version >= api.flexible && api.key !== apiVersionsKey ? 1 : 0;
}

/** What every request begins with; enough to find its API. @throws {ProtocolError} "truncated" */
export function peekRequest(frame: Uint8Array): { apiKey: number; apiVersion: number; correlationId: number } {
  if (frame.length < 8) throw truncated(frame, 0, "request header", 8);
  return {
    apiKey: ((frame[0]! << 24) | (frame[1]! << 16)) >> 16,
    apiVersion: ((frame[2]! << 24) | (frame[3]! << 16)) >> 16,
    correlationId: (frame[4]! << 24) | (frame[5]! << 16) | (frame[6]! << 8) | frame[7]!,
  };
}

/** @param frame header and body, without the size. @returns the header, and where the body begins. */
export function readRequestHeader(
  api: Api,
  version: number,
  frame: Uint8Array,
): { header: RequestHeader; bodyAt: number } {
  const { value, end } = decodeMessageAt(RequestHeader, requestHeaderVersion(api, version), frame, 0);
  return { header: value, bodyAt: end };
}

/** Size, header and body. Large record batches stay pieces of their own, uncopied. */
export function encodeResponseFrame<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  response: ResponseInput<A>,
  options?: CodecOptions,
): Uint8Array[] {
  const encode = encoderOf(api.response, version, options);
  const at = frameStart(8 + 1);
  putInt32(sharedWriter.bytes, at + 4, correlationId);
  let bodyAt = at + 8;
  if (responseHeaderVersion(api, version) === 1) sharedWriter.bytes[bodyAt++] = 0;
  return withSize(sharedWriter.finish(encode(sharedWriter, response, bodyAt)));
}

export interface RequestFraming {
  readonly correlationId: number;
  readonly clientId: string | null;
}

export function encodeRequestFrame<A extends Api>(
  api: A,
  version: number,
  { correlationId, clientId }: RequestFraming,
  request: RequestInput<A>,
  options?: CodecOptions,
): Uint8Array[] {
  const header = { requestApiKey: api.key, requestApiVersion: version, correlationId, clientId };
  const encode = encoderOf(api.request, version, options);
  const encodeHeader = encoderOf(RequestHeader, requestHeaderVersion(api, version));
  const bodyAt = encodeHeader(sharedWriter, header, frameStart(0) + 4);
  return withSize(sharedWriter.finish(encode(sharedWriter, request, bodyAt)));
}

/** @param frame header and body, without the size. The caller knows by the correlation id what was asked. */
export function decodeResponseFrame<A extends Api>(
  api: A,
  version: number,
  frame: Uint8Array,
  options?: CodecOptions,
): { correlationId: number; response: ResponseOf<A> } {
  const { value, end } = decodeMessageAt(ResponseHeader, responseHeaderVersion(api, version), frame, 0);
  const response = decoderOf(api.response, version, options)(frame, end) as ResponseOf<A>;
  return { correlationId: value.correlationId, response };
}

/** Makes room for the size and `extra` bytes. @returns where the frame begins. */
function frameStart(extra: number): number {
  const at = sharedWriter.begin();
  if (at + 4 + extra > sharedWriter.bytes.length) sharedWriter.room(at, 4 + extra);
  return sharedWriter.at;
}

function withSize(pieces: Uint8Array[]): Uint8Array[] {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0) - 4;
  putInt32(pieces[0]!, 0, size);
  return pieces;
}

function putInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}
