/**
 * One client's socket: frames in, answers out. All answers of one tick leave in one write. A client that does not read
 * its answers is not read from, and is closed when nothing moves for connections.max.idle.ms.
 */
import type { Socket } from "node:net";
import type { BrokerConnection, Peer } from "../broker/connection.ts";
import type { Logger } from "../broker/context.ts";
import type { FrameBuffers } from "./frame-buffers.ts";
import { type FrameProblem, FrameReader } from "./frames.ts";
import { SharedReads } from "./shared-reads.ts";

export interface SocketLimits {
  readonly maxRequestBytes: number;
  /** 0: as long as it likes. */
  readonly maxIdleMs: number;
  /** Answers that all clients together have not read; beyond it the one with the most is closed. */
  readonly unread: UnreadAnswers;
  /** Of all clients. */
  readonly buffers: FrameBuffers;
}

/** From this many unread bytes on, no more requests of the client are read or answered. */
const pauseAtUnreadBytes = 1024 * 1024;
/** Answers up to this size are copied into one buffer: one write, one segment. */
const joinBytes = 64 * 1024;

/** Never written to: what is there to send is the array in which it came. */
const none: Uint8Array[] = [];

export class ClientSocket implements Peer {
  readonly clientHost: string;
  readonly listener: string;
  readonly #socket: Socket;
  readonly #reads: SharedReads;
  readonly #logger: Logger;
  readonly #limits: SocketLimits;
  readonly #connection: BrokerConnection;
  readonly #frames: FrameReader;
  readonly #clientPort: number;
  #answers: Uint8Array[] = none;
  #unsentBytes = 0;
  #heldByBroker = false;
  #heldByClient = false;
  /** When the client was last heard of or told anything. */
  #movedMs = performance.now();
  /** undefined: the socket's own watches. */
  #idleTimer: NodeJS.Timeout | undefined;

  /** @param accepted is not to be used any more. */
  constructor(
    accepted: Socket,
    listener: string,
    connect: (peer: Peer) => BrokerConnection,
    logger: Logger,
    limits: SocketLimits,
  ) {
    this.clientHost = hostOf(accepted);
    this.#clientPort = accepted.remotePort ?? 0;
    this.#reads = new SharedReads(accepted, (memory, bytes) => this.#received(memory, bytes));
    const { socket } = this.#reads;
    this.#socket = socket;
    this.#logger = logger;
    this.#limits = limits;
    this.listener = listener;
    this.#connection = connect(this);
    socket.setNoDelay(true);
    this.#watchIdle(limits.maxIdleMs);
    this.#frames = new FrameReader(limits.maxRequestBytes, (frame) => this.#connection.receive(frame), limits.buffers);
    socket.on("drain", () => this.#drained());
    socket.on("error", (error) => logger.debug({ client: this.client, err: error }, "a client's connection broke"));
    socket.on("close", () => {
      clearTimeout(this.#idleTimer);
      limits.unread.forget(this);
      this.#connection.closed();
    });
  }

  #received(memory: Buffer, bytes: number): void {
    this.#movedMs = performance.now();
    const problem = this.#frames.push(memory, bytes);
    if (problem !== undefined) this.#refuse(wordsFor(problem, this.#limits.maxRequestBytes));
    else this.#connection.announce(this.#frames.announcedBytes);
  }

  get client(): string {
    return `${this.clientHost}:${this.#clientPort}`;
  }

  /** Bytes of answers that the client has not taken, sent or not. */
  get unreadBytes(): number {
    return this.#socket.writableLength + this.#unsentBytes;
  }

  get isBehind(): boolean {
    return this.unreadBytes > pauseAtUnreadBytes;
  }

  send(pieces: Uint8Array[]): void {
    if (this.#answers.length > 0) this.#answers.push(...pieces);
    else {
      flushSoon(this);
      this.#answers = pieces;
    }
    for (const piece of pieces) this.#unsentBytes += piece.length;
  }

  doneWith(frame: Uint8Array): void {
    this.#limits.buffers.giveBack(frame);
  }

  /** @param then runs when the connection is gone. */
  onClose(then: () => void): void {
    this.#socket.on("close", then);
  }

  close(reason: string): void {
    this.#logger.warn({ client: this.client, listener: this.listener }, `a client is disconnected: ${reason}`);
    this.flush();
    this.#socket.destroySoon();
  }

  pauseReading(paused: boolean): void {
    this.#heldByBroker = paused;
    this.#pauseOrResume();
  }

  stopReading(): void {
    this.#reads.stop();
  }

  /** The broker stops: what was answered so far still goes out. */
  end(): void {
    this.flush();
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  flush(): void {
    const answers = this.#answers;
    if (answers.length === 0 || !this.#socket.writable) return;
    const bytes = this.#unsentBytes;
    this.#answers = none;
    this.#unsentBytes = 0;
    if (answers.length === 1) this.#write(answers[0]!);
    else if (bytes <= joinBytes) {
      this.#socket.write(Buffer.concat(answers, bytes));
      for (const piece of answers) this.#limits.buffers.giveBack(piece);
    } else {
      this.#socket.cork();
      for (const piece of answers) this.#write(piece);
      this.#socket.uncork();
    }
    this.#movedMs = performance.now();
    const unread = this.unreadBytes;
    if (unread > 0) this.#watchProgress();
    if (unread > pauseAtUnreadBytes) {
      this.#heldByClient = true;
      this.#pauseOrResume();
      this.#limits.unread.add(this);
    }
  }

  /** The timer of a socket is set anew by each read and write. This one is not, and looks again when it rings early. */
  #watchIdle(afterMs: number): void {
    const { maxIdleMs } = this.#limits;
    if (maxIdleMs === 0) return;
    const look = () => {
      const leftMs = this.#movedMs + maxIdleMs - performance.now();
      if (leftMs > 0) this.#watchIdle(leftMs);
      else this.#wasIdle();
    };
    this.#idleTimer = setTimeout(look, Math.ceil(afterMs)).unref();
  }

  /** The system did not take all: only the socket's own timer sees that a slow client reads on. */
  #watchProgress(): void {
    if (this.#idleTimer === undefined) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
    this.#socket.setTimeout(this.#limits.maxIdleMs, () => this.#wasIdle());
  }

  #wasIdle(): void {
    this.#refuse("it was idle for connections.max.idle.ms");
  }

  /** Memory that was lent for an answer is free when the system has it. */
  #write(piece: Uint8Array): void {
    const { buffers } = this.#limits;
    if (!buffers.isLent(piece)) this.#socket.write(piece);
    else this.#socket.write(piece, (error) => (error ? undefined : buffers.giveBack(piece)));
  }

  #drained(): void {
    this.#heldByClient = false;
    this.#limits.unread.forget(this);
    this.#pauseOrResume();
    this.#connection.caughtUp();
  }

  #pauseOrResume(): void {
    if (this.#heldByBroker || this.#heldByClient) this.#reads.pause();
    else if (this.#reads.isPaused) this.#reads.resume();
  }

  /** Nothing more is said to this client. */
  #refuse(reason: string): void {
    this.#logger.warn({ client: this.client, listener: this.listener }, `a client is disconnected: ${reason}`);
    this.#socket.destroy();
  }

  closeAsSlowest(): void {
    this.#refuse(`it does not read its answers (${this.unreadBytes} bytes wait), and all clients' are too many`);
  }
}

/** Those that have answers to send in this tick; undefined when nobody has. */
let toFlush: ClientSocket[] | undefined;

function flushSoon(socket: ClientSocket): void {
  if (toFlush !== undefined) return void toFlush.push(socket);
  toFlush = [socket]; // of one place: most ticks have one answer
  process.nextTick(flushAll);
}

function flushAll(): void {
  const sockets = toFlush ?? [];
  toFlush = undefined;
  for (const socket of sockets) socket.flush();
}

/** Clients that do not read, and how much waits for them in all. */
export class UnreadAnswers {
  readonly #sockets = new Set<ClientSocket>();
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(socket: ClientSocket): void {
    this.#sockets.add(socket);
    let total = 0;
    let slowest = socket;
    for (const each of this.#sockets) {
      total += each.unreadBytes;
      if (each.unreadBytes > slowest.unreadBytes) slowest = each;
    }
    if (total > this.#maxBytes) slowest.closeAsSlowest();
  }

  forget(socket: ClientSocket): void {
    this.#sockets.delete(socket);
  }
}

/** IPv4 addresses that come in by IPv6 are told as IPv4. */
export function hostOf(socket: Socket): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
}

function wordsFor(problem: FrameProblem, maxBytes: number): string {
  if (problem.kind === "protocol") return `it speaks ${problem.name}, this port speaks Kafka's protocol in plain text`;
  return `it announces a request of ${problem.size} bytes, socket.request.max.bytes is ${maxBytes}`;
}
