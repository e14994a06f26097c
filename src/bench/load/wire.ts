/**
 * One connection that speaks frames and nothing else: what is sent was encoded before, answers are handed on in their
 * order, so that the generator costs little beside the broker.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { parseServers, type Server } from "../../client/bootstrap.ts";
import { ApiVersions } from "../../protocol/apis/api-versions.ts";
import { decodeResponseFrame, encodeRequestFrame } from "../../protocol/frame.ts";
import type { Api, RequestInput, ResponseOf } from "../../protocol/schema.ts";

export const clientId = "bench";

/** @returns size, header and body in one piece. */
export function frameOf<A extends Api>(api: A, version: number, request: RequestInput<A>): Uint8Array {
  return Buffer.concat(encodeRequestFrame(api, version, { correlationId: 1, clientId }, request));
}

export class LostError extends Error {
  override readonly name = "LostError";
}

/** A load without one of its connections measures nothing. */
function fail(error: Error): never {
  throw error;
}

/**
 * What all sockets are read into. A Buffer for each read, and what a stream does with it, took a tenth to a fifth of
 * the processor time of members that join and leave.
 */
const chunk = Buffer.allocUnsafeSlow(64 * 1024);

/** @param answer the first bytes of the frame without its size, there until this returns. @param bytes of all of it. */
export type OnAnswer = (answer: Buffer, bytes: number) => void;

export class Wire {
  readonly #socket: Socket;
  readonly #keepBytes: number;
  onAnswer: OnAnswer = () => undefined;
  #onLost: (error: Error) => void = fail;
  #pieces: Buffer[] = [];
  #kept = 0;
  /** Of the frame whose size is known; 0 between two frames. */
  #missing = 0;
  #size = 0;

  private constructor(socket: Socket, keepBytes: number) {
    this.#socket = socket;
    this.#keepBytes = keepBytes;
    socket.on("error", (cause) => this.#onLost(new LostError(cause.message, { cause })));
    socket.on("end", () => this.#onLost(new LostError("the broker closed the connection")));
  }

  /** @param keepBytes of each answer: the rest is counted and thrown away. */
  static async open(server: string, keepBytes = Number.POSITIVE_INFINITY): Promise<Wire> {
    const [{ host, port }] = parseServers(server) as [Server];
    const callback = (bytes: number) => wire.#received(chunk.subarray(0, bytes));
    const socket = connect({ host, port, onread: { buffer: chunk, callback } }).setNoDelay(true);
    await once(socket, "connect").catch(({ message, code }: NodeJS.ErrnoException) => {
      throw new LostError(message || `connect ${code} ${server}`); // of several addresses it has no message
    });
    const wire = new Wire(socket, keepBytes);
    return wire;
  }

  send(frame: Uint8Array): void {
    this.#socket.write(frame);
  }

  /** For preparations: only while nothing else is under way. @throws when the connection is lost meanwhile. */
  async ask<A extends Api>(api: A, version: number, request: RequestInput<A>): Promise<ResponseOf<A>> {
    const answered = new Promise<Buffer>((resolve, reject) => {
      this.onAnswer = (answer) => resolve(Buffer.from(answer));
      this.#onLost = reject;
    });
    this.send(frameOf(api, version, request));
    const answer = await answered;
    this.#onLost = fail;
    return decodeResponseFrame(api, version, answer).response;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** @returns that it wants more. */
  #received(read: Buffer): true {
    let rest = read;
    while (rest.length > 0) {
      if (this.#missing === 0) rest = this.#begin(rest);
      if (this.#missing === 0) return true;
      const part = rest.subarray(0, Math.min(this.#missing, rest.length));
      rest = rest.subarray(part.length);
      this.#missing -= part.length;
      this.#keep(part);
    }
    return true;
  }

  /** @returns what follows a frame's size; nothing when the size is not whole. */
  #begin(read: Buffer): Buffer {
    const whole = this.#pieces.length > 0 ? Buffer.concat([...this.#pieces, read]) : read;
    if (whole.length < 4) {
      this.#pieces = [Buffer.from(whole)];
      return whole.subarray(whole.length);
    }
    this.#pieces = [];
    this.#size = this.#missing = whole.readInt32BE(0);
    return whole.subarray(4);
  }

  /** Copies only what waits for more. */
  #keep(part: Buffer): void {
    const piece = part.subarray(0, this.#keepBytes - this.#kept);
    if (this.#missing === 0) return this.#end(piece);
    if (piece.length > 0) this.#pieces.push(Buffer.from(piece));
    this.#kept += piece.length;
  }

  #end(last: Buffer): void {
    const answer = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    this.#kept = 0;
    this.onAnswer(answer, this.#size);
  }
}

/** Opens so many connections to one broker, which has accepted them all: it has answered on each. */
export async function openWires(server: string, count: number, keepBytes?: number): Promise<Wire[]> {
  const wires: Wire[] = [];
  // Less than the backlog of brokers, 50 by default: who finds it full tries again after a second.
  const atOnce = 40;
  const question = frameOf(ApiVersions, 0, {});
  const open = async () => {
    const wire = await Wire.open(server, keepBytes);
    const answered = new Promise<void>((resolve) => {
      wire.onAnswer = () => resolve();
    });
    wire.send(question);
    await answered; // the system connects before the broker accepts
    return wire;
  };
  while (wires.length < count) {
    wires.push(...(await Promise.all(Array.from({ length: Math.min(atOnce, count - wires.length) }, open))));
  }
  return wires;
}
