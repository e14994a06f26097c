/**
 * One connection to one broker: requests out, answers in, matched by their correlation ids. All requests of one tick
 * leave in one write. Whatever goes wrong with the connection rejects everything in flight and ends it: a new one is
 * the node's affair (node.ts).
 */
import type { Socket } from "node:net";
import { decodeResponseFrame, encodeRequestFrame } from "../protocol/frame.ts";
import type { Api, RequestInput, ResponseOf } from "../protocol/schema.ts";
import { channels } from "./diagnostics.ts";
import { ClosedError, NetworkError, RequestTimeoutError } from "./errors.ts";
import type { ClientMetrics } from "./metrics/client-metrics.ts";
import { ResponseFrames } from "./response-frames.ts";
import { answeredVersion } from "./versions.ts";
import { type Call, nowMs, remainingMs } from "./wait.ts";

/** Whose connection it is, as events and errors name it. */
export interface ConnectionName {
  readonly clientId: string;
  /** Negative until it is known. */
  nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly lane: string;
}

export interface ConnectionLimits {
  /** A request without an answer for so long ends the connection. */
  readonly requestTimeoutMs: number;
  /** Negative: never. */
  readonly maxIdleMs: number;
}

interface InFlight {
  readonly api: Api;
  readonly version: number;
  readonly sentAtMs: number;
  readonly requestBytes: number;
  timer: NodeJS.Timeout | undefined;
  /** Taken away when the caller no longer waits: the answer still comes. */
  settle: { resolve(response: unknown): void; reject(error: unknown): void } | undefined;
  /** Stops listening to the caller's signal. */
  stopListening: (() => void) | undefined;
}

/** Frames of one tick up to this size are copied into one buffer: one write, one segment. */
const joinBytes = 64 * 1024;

export class Connection {
  readonly name: ConnectionName;
  /** Resolves when the connection has ended, by whatever cause. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;
  readonly #metrics: ClientMetrics;
  readonly #inFlight = new Map<number, InFlight>();
  #correlationId = 0;
  #out: Uint8Array[] = [];
  #end: Error | undefined;
  #onDrained: (() => void) | undefined;

  /** @param socket is connected; it is the connection's from now on. */
  constructor(socket: Socket, name: ConnectionName, limits: ConnectionLimits, metrics: ClientMetrics) {
    this.#socket = socket;
    this.name = name;
    this.#limits = limits;
    this.#metrics = metrics;
    const frames = new ResponseFrames((frame) => this.#received(frame));
    socket.on("data", (chunk: Buffer) => {
      try {
        frames.push(chunk);
      } catch (error) {
        this.#fail(error as Error);
      }
    });
    socket.on("error", (error) => this.#fail(new NetworkError(`${this.#where}: ${error.message}`, error)));
    if (limits.maxIdleMs >= 0) socket.setTimeout(limits.maxIdleMs, () => this.#idle());
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#fail(new NetworkError(`${this.#where} closed the connection`));
        resolve();
      });
    });
  }

  /** Why it ended; undefined while it can be used. */
  get end(): Error | undefined {
    return this.#end;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /**
   * @returns the answer, or undefined where none is expected.
   * @throws {ProtocolError} at once, when the request cannot be written in this version.
   */
  send<A extends Api>(
    api: A,
    version: number,
    request: RequestInput<A>,
    call: Call,
    expectsAnswer = true,
  ): Promise<ResponseOf<A>> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const { signal } = call;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const correlationId = this.#nextId();
    const pieces = encodeRequestFrame(api, version, { correlationId, clientId: this.name.clientId }, request);
    this.#write(pieces);
    if (!expectsAnswer) return Promise.resolve(undefined as never);
    return new Promise<unknown>((resolve, reject) => {
      const entry: InFlight = {
        api,
        version,
        sentAtMs: nowMs(),
        requestBytes: pieces.reduce((sum, piece) => sum + piece.length, 0),
        timer: setTimeout(() => this.#timedOut(correlationId, entry), remainingMs(call)),
        settle: { resolve, reject },
        stopListening: undefined,
      };
      this.#inFlight.set(correlationId, entry);
      if (signal !== undefined) this.#listen(entry, signal);
    }) as Promise<ResponseOf<A>>;
  }

  /** Resolves when nothing is in flight any more. */
  drained(): Promise<void> {
    if (this.#inFlight.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const earlier = this.#onDrained;
      this.#onDrained = () => {
        earlier?.();
        resolve();
      };
    });
  }

  /** What was written before still goes out; what is in flight rejects with {@link ClosedError}. */
  close(): void {
    if (this.#end === undefined) this.#flush();
    // A broker hears of the end when it has answered what it parks (rule 58): nobody waits for that.
    const end = this.#inFlight.size > 0 ? () => this.#socket.destroySoon() : () => this.#socket.end();
    this.#fail(new ClosedError(`${this.#where}: the connection was closed`), end);
  }

  get #where(): string {
    const { nodeId, host, port } = this.name;
    return nodeId < 0 ? `${host}:${port}` : `node ${nodeId} at ${host}:${port}`;
  }

  #nextId(): number {
    this.#correlationId = (this.#correlationId + 1) & 0x7fffffff;
    return this.#correlationId;
  }

  #write(pieces: readonly Uint8Array[]): void {
    if (this.#out.length === 0) process.nextTick(() => this.#flush());
    this.#out.push(...pieces);
  }

  #flush(): void {
    const pieces = this.#out;
    if (pieces.length === 0 || this.#socket.destroyed) return;
    this.#out = [];
    if (pieces.length === 1) {
      this.#socket.write(pieces[0]!);
      return;
    }
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (bytes <= joinBytes) {
      this.#socket.write(Buffer.concat(pieces, bytes));
      return;
    }
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #received(frame: Uint8Array): void {
    if (this.#end !== undefined) return;
    const id = frame.length < 4 ? -1 : (frame[0]! << 24) | (frame[1]! << 16) | (frame[2]! << 8) | frame[3]!;
    const entry = this.#inFlight.get(id);
    if (entry === undefined) {
      this.#fail(new NetworkError(`${this.#where}: an answer to request ${id}, which is not in flight`));
      return;
    }
    this.#remove(id, entry);
    const { settle } = entry;
    if (settle === undefined) return;
    try {
      const version = answeredVersion(entry.api, entry.version, frame);
      settle.resolve(decodeResponseFrame(entry.api, version, frame).response);
      this.#tell(id, entry, frame.length, undefined);
    } catch (error) {
      const damaged = new NetworkError(`${this.#where}: unreadable answer: ${(error as Error).message}`, error);
      settle.reject(damaged);
      this.#tell(id, entry, frame.length, damaged);
    }
  }

  #listen(entry: InFlight, signal: AbortSignal): void {
    const aborted = () => this.#abandon(entry, signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    entry.stopListening = () => signal.removeEventListener("abort", aborted);
  }

  /** The caller waits no more. The answer is taken off when it comes, so that those behind it are found. */
  #abandon(entry: InFlight, reason: unknown): void {
    entry.stopListening?.();
    entry.settle?.reject(reason);
    entry.settle = undefined;
  }

  /** A caller may wait for less than request.timeout.ms; only that much silence ends the connection. */
  #timedOut(id: number, entry: InFlight): void {
    const waitedMs = nowMs() - entry.sentAtMs;
    const error = new RequestTimeoutError(
      `${this.#where} did not answer ${entry.api.name} within ${Math.round(waitedMs)} ms`,
    );
    if (entry.settle !== undefined) this.#tell(id, entry, 0, error);
    this.#abandon(entry, error);
    const restMs = this.#limits.requestTimeoutMs - waitedMs;
    if (restMs > 1) entry.timer = setTimeout(() => this.#timedOut(id, entry), restMs);
    else this.#fail(new NetworkError(error.message, error));
  }

  #remove(id: number, entry: InFlight): void {
    this.#inFlight.delete(id);
    clearTimeout(entry.timer);
    entry.stopListening?.();
    if (this.#inFlight.size === 0) {
      this.#onDrained?.();
      this.#onDrained = undefined;
    }
  }

  #idle(): void {
    if (this.#inFlight.size === 0) this.close();
  }

  #fail(reason: Error, end: () => void = () => this.#socket.destroy()): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    for (const [id, entry] of [...this.#inFlight]) {
      this.#remove(id, entry);
      if (entry.settle !== undefined) this.#tell(id, entry, 0, reason);
      entry.settle?.reject(reason);
    }
    end();
  }

  #tell(correlationId: number, entry: InFlight, responseBytes: number, error: Error | undefined): void {
    const { version, sentAtMs, requestBytes } = entry;
    const [api, { nodeId }, durationMs] = [entry.api.name, this.name, nowMs() - sentAtMs];
    this.#metrics.answered({ api, nodeId, durationMs, requestBytes, responseBytes, error });
    if (!channels.request.hasSubscribers) return;
    channels.request.publish({
      ...this.name,
      api,
      version,
      correlationId,
      durationMs,
      requestBytes,
      responseBytes,
      error,
    });
  }
}
