import { connect, type Socket } from "node:net";
import { Reader, Writer } from "./bytes.ts";
import { decode, encode, isFlexible, type Value } from "./codec.ts";
import { message, versionsOf } from "./schemas.ts";

/** The broker closed the connection before it answered. */
export class ConnectionClosed extends Error {}

const patienceMs = 20_000;

interface Waiting {
  api: string;
  version: number;
  correlationId: number;
  resolve(answer: Value): void;
  reject(error: Error): void;
}

/** One connection to a broker: requests out, answers in the order of the requests. */
export class Connection {
  /** Settles once the broker, or this side, has closed. */
  readonly closed: Promise<void>;
  readonly clientId: string;
  private readonly socket: Socket;
  private readonly waiting: Waiting[] = [];
  private received: Buffer[] = [];
  private size = 0;
  private nextCorrelationId = 1;

  static async open(address: string, clientId = "conformance"): Promise<Connection> {
    const at = address.lastIndexOf(":");
    const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true });
    const connection = new Connection(socket, clientId);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return connection;
  }

  private constructor(socket: Socket, clientId: string) {
    this.socket = socket;
    this.clientId = clientId;
    socket.on("data", (chunk: Buffer) => this.take(chunk));
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        for (const { api, reject } of this.waiting.splice(0)) reject(new ConnectionClosed(`no answer to ${api}`));
        resolve();
      });
    });
  }

  /** Sends a request and awaits its answer; by default in the highest version that Kafka 4.3.1 has. */
  ask(api: string, body: Value = {}, version = versionsOf(api)[1]): Promise<Value> {
    const correlationId = this.nextCorrelationId++;
    this.socket.write(this.frame(api, version, correlationId, body));
    return this.answer(api, version, correlationId);
  }

  /** Sends several requests in one write; their answers, in order. */
  pipeline(...requests: [api: string, body: Value, version?: number][]): Promise<Value>[] {
    const sent = requests.map(([api, body, version = versionsOf(api)[1]]) => {
      const correlationId = this.nextCorrelationId++;
      return { api, version, correlationId, frame: this.frame(api, version, correlationId, body) };
    });
    this.socket.write(Buffer.concat(sent.map(({ frame }) => frame)));
    return sent.map(({ api, version, correlationId }) => this.answer(api, version, correlationId));
  }

  /** Sends a request that has no answer (Produce with acks 0). */
  tell(api: string, body: Value, version = versionsOf(api)[1]): void {
    this.socket.write(this.frame(api, version, this.nextCorrelationId++, body));
  }

  /** Sends bytes as they are; nothing is awaited. */
  raw(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Awaits the answer to a request that was sent by `raw`. */
  answer(api: string, version: number, correlationId: number): Promise<Value> {
    const answer = new Promise<Value>((resolve, reject) => {
      this.waiting.push({ api, version, correlationId, resolve, reject });
      if (this.socket.destroyed) reject(new ConnectionClosed(`no answer to ${api}`));
      setTimeout(() => reject(new Error(`no answer to ${api} within ${patienceMs} ms`)), patienceMs).unref();
    });
    answer.catch(() => {}); // a parked request may be left behind; whoever awaits it still sees the error
    return answer;
  }

  /** A whole frame: size, header, body. */
  frame(api: string, version: number, correlationId: number, body: Value): Buffer {
    const schema = message(`${api}Request`);
    const header = { requestApiKey: schema.apiKey, requestApiVersion: version, correlationId, clientId: this.clientId };
    const headerVersion = isFlexible(schema, version) ? 2 : 1;
    const head = encode(message("RequestHeader"), headerVersion, header);
    return sized(Buffer.concat([head, encode(schema, version, body)]));
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.received.push(chunk);
    this.size += chunk.length;
    while (this.size >= 4) {
      const bytes = this.received.length === 1 ? (this.received[0] as Buffer) : Buffer.concat(this.received);
      this.received = [bytes];
      const length = bytes.readInt32BE(0);
      if (bytes.length < 4 + length) return;
      this.received = [bytes.subarray(4 + length)];
      this.size = bytes.length - 4 - length;
      this.deliver(bytes.subarray(4, 4 + length));
    }
  }

  private deliver(bytes: Buffer): void {
    const next = this.waiting.shift();
    if (!next) throw new Error(`an answer that nobody asked for: ${bytes.toString("hex", 0, 64)}`);
    try {
      next.resolve(read(next, new Reader(bytes)));
    } catch (error) {
      next.reject(new Error(`${next.api} v${next.version}: ${error}: ${bytes.toString("hex", 0, 400)}`));
    }
  }
}

function read({ api, version, correlationId }: Waiting, reader: Reader): Value {
  const schema = message(`${api}Response`);
  const headerVersion = isFlexible(schema, version) && api !== "ApiVersions" ? 1 : 0;
  const header = decode(message("ResponseHeader"), headerVersion, reader);
  if (header.correlationId !== correlationId) {
    throw new Error(`answered out of order: correlation id ${header.correlationId}, expected ${correlationId}`);
  }
  const body = decode(schema, version, reader);
  if (reader.left > 0) throw new Error(`${reader.left} bytes after the end of the answer`);
  return body;
}

/** Puts its length before a frame. */
export function sized(bytes: Uint8Array): Buffer {
  const writer = new Writer();
  writer.int32(bytes.length);
  writer.bytes(bytes);
  return writer.done();
}

/** Whether a promise is still unsettled after all that has already happened was seen. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const unsettled = Symbol("unsettled");
  const turn = new Promise((resolve) => setImmediate(resolve, unsettled));
  return (await Promise.race([promise.catch(() => {}), turn])) === unsettled;
}
