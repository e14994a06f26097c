/**
 * Opens the listeners and hands accepted sockets to the broker. As with Kafka, beyond max.connections clients wait
 * until another goes, and beyond max.connections.per.ip they are closed.
 */
import net, { createServer, isIPv4, type Server, type Socket } from "node:net";
import { hostname } from "node:os";
import type { Broker } from "../broker/broker.ts";
import type { BrokerConfig } from "../broker/config.ts";
import type { Endpoint, Logger } from "../broker/context.ts";
import { advertisedListenersOf, type Listener, listenersOf } from "../broker/listeners.ts";
import { ConfigError } from "../metadata/config-def.ts";
import { ClientSocket, hostOf, UnreadAnswers } from "./client-socket.ts";
import { FrameBuffers } from "./frame-buffers.ts";

/** Most bytes of answers that all clients together may leave unread; beyond them the one with the most is closed. */
export const maxUnreadBytes = 512 * 1024 * 1024;

/** The broker cannot start here: a port or a folder is taken, or may not be used. The message says which. */
export class StartError extends Error {
  override readonly name = "StartError";
}

export class Listeners {
  /** By name, where each is bound; port 0 has become the one that was free. */
  readonly bound: readonly Listener[];
  readonly #servers: readonly Server[];
  readonly #sockets = new Set<ClientSocket>();
  #logger: Logger | undefined;
  /** Who connected before the broker had loaded its log, or while there are max.connections; longest first. */
  readonly #waiting: { readonly socket: Socket; readonly listener: string }[] = [];
  readonly #config: BrokerConfig;
  /** Set when the log is loaded. */
  #begin: ((socket: Socket, listener: string) => void) | undefined;
  readonly #perAddress = new Map<string, number>();

  private constructor(bound: readonly Listener[], servers: readonly Server[], config: BrokerConfig) {
    this.#config = config;
    this.bound = bound;
    this.#servers = servers;
    for (const [at, server] of servers.entries()) {
      server.on("connection", (socket) => {
        socket.on("error", () => undefined); // who goes while the broker loads is no error of ours
        this.#accept(socket, bound[at]!.name);
      });
      server.on("error", (error) => this.#logger?.error({ err: error }, "a client cannot be accepted"));
    }
  }

  /** Binds all listeners; nobody is served yet. @throws {StartError} when a port is taken. @throws {ConfigError} */
  static async open(config: BrokerConfig): Promise<Listeners> {
    const backlog = config.get("socket.listen.backlog.size");
    const servers: Server[] = [];
    try {
      const bound: Listener[] = [];
      for (const listener of listenersOf(config)) {
        const server = createServer({ pauseOnConnect: true });
        servers.push(server);
        bound.push({ ...listener, port: await bind(server, listener, backlog) });
      }
      return new Listeners(bound, servers, config);
    } catch (error) {
      for (const server of servers) server.close();
      throw error;
    }
  }

  /** What clients are told to connect to, by listener. @throws {ConfigError} */
  endpoints(config: BrokerConfig): Map<string, Endpoint> {
    const advertised = new Map(advertisedListenersOf(config).map((listener) => [listener.name, listener]));
    return new Map(this.bound.map((listener) => [listener.name, endpointOf(listener, advertised.get(listener.name))]));
  }

  /** From now on clients are served, also those that connected meanwhile. */
  serve(broker: Broker, config: BrokerConfig, logger: Logger, buffers = new FrameBuffers()): void {
    const limits = {
      maxRequestBytes: config.get("socket.request.max.bytes"),
      maxIdleMs: Math.max(0, Math.min(config.get("connections.max.idle.ms"), 2 ** 31 - 1)),
      unread: new UnreadAnswers(maxUnreadBytes),
      buffers,
    };
    this.#logger = logger;
    this.#begin = (socket, listener) => {
      if (!this.#admit(socket, config, logger)) return;
      const client = new ClientSocket(socket, listener, (peer) => broker.connect(peer), logger, limits);
      client.onClose(() => {
        this.#sockets.delete(client);
        this.#leave(client.clientHost);
        this.#letIn();
      });
      this.#sockets.add(client);
    };
    this.#letIn();
  }

  #accept(socket: Socket, listener: string): void {
    this.#waiting.push({ socket, listener });
    this.#letIn();
    const mostWaiting = this.#config.get("socket.listen.backlog.size");
    const excess = this.#sockets.size + this.#waiting.length - this.#config.get("max.connections") - mostWaiting;
    if (excess > 0) this.#waiting.pop()!.socket.destroy(); // with Kafka the system's backlog would be full
  }

  /** As many of those who wait as max.connections has room for. */
  #letIn(): void {
    while (this.#begin && !this.#isFull) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      if (!first.socket.destroyed) this.#begin(first.socket, first.listener);
    }
  }

  get #isFull(): boolean {
    return this.#sockets.size >= this.#config.get("max.connections");
  }

  /** No new clients. */
  stopAccepting(): void {
    for (const server of this.#servers) server.close();
    this.#begin = undefined;
    for (const { socket } of this.#waiting.splice(0)) socket.destroy();
  }

  /** As when the process dies: nobody is told or answered. */
  cut(): void {
    this.stopAccepting();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Takes no more requests of those who are connected; what they asked before is still answered. */
  stopReading(): void {
    for (const socket of this.#sockets) socket.stopReading();
  }

  /** Sends what was answered, then closes; what does not close in time is cut. */
  async closeClients(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    for (const socket of this.#sockets) socket.end();
    while (this.#sockets.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const socket of this.#sockets) socket.destroy();
  }

  #admit(socket: Socket, config: BrokerConfig, logger: Logger): boolean {
    const host = hostOf(socket);
    const fromHost = this.#perAddress.get(host) ?? 0;
    const mostFromHost = config.get("max.connections.per.ip");
    if (fromHost < mostFromHost) {
      this.#perAddress.set(host, fromHost + 1);
      return true;
    }
    logger.warn({ client: host }, `a client is refused: max.connections.per.ip is ${mostFromHost}`);
    socket.destroy();
    return false;
  }

  #leave(host: string): void {
    const left = (this.#perAddress.get(host) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(host, left);
    else this.#perAddress.delete(host);
  }
}

function bind(server: Server, { host, port }: Listener, backlog: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(new StartError(wordsFor(error as NodeJS.ErrnoException, host, port)));
    server.once("error", fail);
    server.once("listening", () => {
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("a TCP server has an address");
      server.removeAllListeners("error");
      resolve(address.port);
    });
    try {
      if (BoundSocket !== undefined && isIPv4(host)) server.listen(new BoundSocket({ host, port }), backlog);
      else server.listen({ port, backlog, ...(host === "" ? {} : { host }) });
    } catch (error) {
      fail(error);
    }
  });
}

/**
 * Of Node 26, and of the last 24: a socket that is bound without asking the resolver. `listen` asks it even for an
 * address, and has a regular expression for IPv6 compiled, a tenth of a broker's start.
 */
const { BoundSocket } = net as Partial<typeof net>;

function wordsFor(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === "EADDRINUSE") {
    return (
      `${host}:${port} is taken: another broker (or other program) listens there. ` +
      "Stop it, or choose another port with -o listeners=PLAINTEXT://127.0.0.1:0"
    );
  }
  if (error.code === "EACCES") return `${host}:${port} may not be opened by this user`;
  return `${host}:${port} cannot be opened: ${error.message}`;
}

const anyAddress = new Set(["0.0.0.0", "::"]);

function endpointOf(bound: Listener, advertised: Listener | undefined): Endpoint {
  const { host, port } = advertised ?? bound;
  if (anyAddress.has(host)) {
    throw new ConfigError(
      `advertised.listeners: ${bound.name} is bound to ${host}, which no client can connect to: ` +
        `set advertised.listeners=${bound.name}://HOST:${port}`,
    );
  }
  return { host: host === "" ? hostname() : host, port: port === 0 ? bound.port : port };
}
