/**
 * Has what clients send read into one memory, again and again. Node takes 64 KB of new memory for each read, and under
 * large produces that was most of what V8 had to collect. Into memory that is given (`onread`) it reads for sockets
 * that a program makes itself: so the handle of an accepted one, which has no public name, goes to a socket of ours
 * (docs/decisions/0015-reads-into-one-memory.md).
 */
import { Socket, type SocketConstructorOpts } from "node:net";

/** What Node keeps behind a socket, as far as it is needed here. */
interface Inner {
  _handle: { readonly useUserBuffer?: unknown } | null;
  /** Counts its connections. */
  _server?: unknown;
}

/** Gets the memory, and how many bytes of it were read; anything may stand there once it has returned. */
type OnBytes = (memory: Buffer, bytes: number) => void;

/** As much as Node reads at a time. */
const memory = Buffer.allocUnsafeSlow(64 * 1024);
/** While a client waits it is read from until so much is kept: one that goes is noticed, as by a stream of Node's. */
const mostKeptBytes = 64 * 1024;

/** What one client sends. */
export class SharedReads {
  /** In the place of the accepted one. */
  readonly socket: Socket;
  readonly #onBytes: OnBytes;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #isStopped = false;
  #hasEnded = false;
  isPaused = false;

  /** @param accepted is not to be used any more. */
  constructor(accepted: Socket, onBytes: OnBytes) {
    this.#onBytes = onBytes;
    this.socket = taken(accepted, (from, bytes) => this.#received(from, bytes));
    this.socket.allowHalfOpen = true; // what is kept comes before the end
    this.socket.on("end", () => {
      this.#hasEnded = true;
      this.#endWhenRead();
    });
    this.socket.resume();
  }

  /** Nothing is told until it is resumed. */
  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    process.nextTick(() => this.#goOn()); // nobody is told anything while he calls
  }

  /** Nothing more is told. That the client goes is still noticed. */
  stop(): void {
    this.#isStopped = true;
    this.#kept = [];
    this.#keptBytes = 0;
    this.resume();
  }

  #received(from: Buffer, bytes: number): void {
    if (this.#isStopped) return;
    if (!this.isPaused && this.#kept.length === 0) return this.#onBytes(from, bytes);
    this.#kept.push(Buffer.from(from.subarray(0, bytes)));
    this.#keptBytes += bytes;
    if (this.#keptBytes >= mostKeptBytes) this.socket.pause();
  }

  #goOn(): void {
    while (!this.isPaused && this.#kept.length > 0) {
      const chunk = this.#kept.shift()!;
      this.#keptBytes -= chunk.length;
      this.#onBytes(chunk, chunk.length);
    }
    if (this.isPaused) return;
    if (this.socket.isPaused()) this.socket.resume();
    this.#endWhenRead();
  }

  #endWhenRead(): void {
    if (this.#hasEnded && this.#kept.length === 0) this.socket.end();
  }
}

function taken(accepted: Socket, onBytes: OnBytes): Socket {
  if (!canShare(accepted)) return accepted.on("data", (chunk: Buffer) => onBytes(chunk, chunk.length));
  const inner = accepted as unknown as Inner;
  const { _handle: handle, _server } = inner;
  const callback = (bytes: number) => {
    onBytes(memory, bytes);
    return true;
  };
  const options = { handle, onread: { buffer: memory, callback } } as unknown as SocketConstructorOpts;
  const socket = new Socket(options);
  inner._handle = null;
  return Object.assign(socket, { _server });
}

/** Does this version of Node have what it takes? */
export function canShare(accepted: Socket): boolean {
  const { _handle } = accepted as unknown as Inner;
  return typeof _handle?.useUserBuffer === "function";
}
