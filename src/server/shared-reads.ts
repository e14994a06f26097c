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

/** As much as Node reads at a time. */
const memory = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * @param accepted is not to be used any more.
 * @param onBytes gets the memory and how many bytes of it were read; anything may stand there once it has returned.
 * @returns the socket in its place. It reads when it is resumed.
 */
export function readShared(accepted: Socket, onBytes: (memory: Buffer, bytes: number) => void): Socket {
  const inner = accepted as unknown as Inner;
  const { _handle: handle, _server } = inner;
  if (!canShare(accepted)) return accepted.on("data", (chunk: Buffer) => onBytes(chunk, chunk.length));
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
