/** Requests over a raw connection, one at a time. */
import { decodeResponseFrame, encodeRequestFrame } from "../../src/protocol/frame.ts";
import type { Api, RequestInput, ResponseOf } from "../../src/protocol/schema.ts";
import type { RawClient } from "./running.ts";

export function send<A extends Api>(client: RawClient, api: A, version: number, request: RequestInput<A>): void {
  const framing = { correlationId: 1, clientId: "test" };
  client.socket.write(Buffer.concat(encodeRequestFrame(api, version, framing, request)));
}

/** The answer to the only request under way. */
export async function answerOf<A extends Api>(client: RawClient, api: A, version: number): Promise<ResponseOf<A>> {
  const size = (await client.receivesBytes(4)).readInt32BE(0);
  const frame = (await client.receivesBytes(4 + size)).subarray(4, 4 + size);
  client.received = client.received.subarray(4 + size);
  return decodeResponseFrame(api, version, new Uint8Array(frame)).response;
}

export async function ask<A extends Api>(client: RawClient, api: A, version: number, request: RequestInput<A>) {
  send(client, api, version, request);
  return answerOf(client, api, version);
}
