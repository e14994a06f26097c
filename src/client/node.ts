/** One broker as a client sees it: its lanes, each a connection when it is needed, and how long to leave it alone. */

import { backoffMs } from "./backoff.ts";
import type { Server } from "./bootstrap.ts";
import type { ClientConfig } from "./client-keys.ts";
import type { BrokerVersions } from "./cluster.ts";
import { Connection, type ConnectionName } from "./connection.ts";
import { channels } from "./diagnostics.ts";
import { dial, nameOf } from "./dial.ts";
import { ClosedError, NetworkError, RequestTimeoutError } from "./errors.ts";
import type { ClientLogger } from "./logger.ts";
import type { ClientMetrics } from "./metrics/client-metrics.ts";
import { negotiate } from "./versions.ts";
import { type Call, callWithin, delay, nowMs, within } from "./wait.ts";

export interface Channel {
  readonly connection: Connection;
  readonly versions: BrokerVersions;
  /** From then on a new one takes its place, because its authentication ends (KIP-368). */
  readonly retiresAtMs: number;
}

interface Lane {
  channel: Channel | undefined;
  opening: Promise<Channel> | undefined;
}

/** Where a node tells what it does. */
export interface NodeTelling {
  readonly logger: ClientLogger;
  readonly metrics: ClientMetrics;
}

/** A part of the session after which a new connection is made, so that its end is never met. */
const retireAfter = 0.85;

export class Node {
  #nodeId: number;
  readonly server: Server;
  readonly #config: ClientConfig;
  readonly #logger: ClientLogger;
  readonly #metrics: ClientMetrics;
  readonly #onLost: () => void;
  readonly #lanes = new Map<string, Lane>();
  readonly #closing = new AbortController();
  #failures = 0;
  #notBeforeMs = 0;

  constructor(nodeId: number, server: Server, config: ClientConfig, telling: NodeTelling, onLost: () => void) {
    this.#nodeId = nodeId;
    this.server = server;
    this.#config = config;
    this.#logger = telling.logger;
    this.#metrics = telling.metrics;
    this.#onLost = onLost;
  }

  /** Negative: a bootstrap server whose id is not known yet. */
  get nodeId(): number {
    return this.#nodeId;
  }

  /** The bootstrap server turns out to be this broker. */
  becomes(nodeId: number): void {
    this.#nodeId = nodeId;
    for (const { channel } of this.#lanes.values()) if (channel !== undefined) channel.connection.name.nodeId = nodeId;
  }

  /** Milliseconds until it may be dialled again. */
  get backoffMs(): number {
    return Math.max(0, this.#notBeforeMs - nowMs());
  }

  get isConnected(): boolean {
    return [...this.#lanes.values()].some(
      ({ channel }) => channel !== undefined && channel.connection.end === undefined,
    );
  }

  get inFlight(): number {
    let sum = 0;
    for (const { channel } of this.#lanes.values()) sum += channel?.connection.inFlight ?? 0;
    return sum;
  }

  /** The lane's connection, if it can be used at once. */
  ready(lane: string): Channel | undefined {
    const found = this.#lanes.get(lane);
    if (found === undefined || found.opening !== undefined) return undefined;
    const { channel } = found;
    if (channel === undefined || channel.connection.end !== undefined) return undefined;
    return channel.retiresAtMs > nowMs() ? channel : undefined;
  }

  /** Makes the lane's connection, or waits for the one that is being made: in the order of the calls. */
  open(name: string, call: Call): Promise<Channel> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason);
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { channel: undefined, opening: undefined };
      this.#lanes.set(name, lane);
    }
    lane.opening ??= this.#connect(name, lane);
    const where = nameOf(this.server);
    return within(lane.opening, call, () => new RequestTimeoutError(`${where} could not be connected to in time`));
  }

  /** Takes nothing more, and ends when what is in flight is answered. */
  async letGo(): Promise<void> {
    const connections = [...this.#lanes.values()].map(({ channel }) => channel?.connection.drained());
    await Promise.all(connections);
    await this.close(new NetworkError(`${nameOf(this.server)} is not in the cluster any more`));
  }

  /** @param reason told to those who wait for a connection. */
  close(reason: Error = new ClosedError("the client was closed")): Promise<unknown> {
    this.#closing.abort(reason);
    return Promise.all(
      [...this.#lanes.values()].map(async (lane) => {
        await lane.opening?.catch(() => undefined);
        lane.channel?.connection.close();
        await lane.channel?.connection.closed;
      }),
    );
  }

  async #connect(name: string, lane: Lane): Promise<Channel> {
    try {
      await lane.channel?.connection.drained();
      lane.channel?.connection.close();
      await delay(this.backoffMs, this.#closing.signal);
      const channel = await this.#open(name);
      lane.channel = channel;
      this.#failures = 0;
      void channel.connection.closed.then(() => this.#lost(channel));
      // Once those who wait have all been served: who asks from then on comes behind them.
      process.nextTick(() => {
        lane.opening = undefined;
      });
      return channel;
    } catch (error) {
      lane.opening = undefined;
      this.#backOff();
      this.#tellDisconnected({ ...this.#nameOf(name) }, error as Error, false);
      throw error;
    }
  }

  async #open(lane: string): Promise<Channel> {
    const { socketConnectionSetupTimeoutMs: initialMs, socketConnectionSetupTimeoutMaxMs: maxMs } = this.#config;
    const startedAtMs = nowMs();
    const name = this.#nameOf(lane);
    const timeoutMs = backoffMs({ initialMs, maxMs }, this.#failures);
    const socket = await dial(this.server, this.#config, timeoutMs, this.#closing.signal);
    const { requestTimeoutMs, connectionsMaxIdleMs } = this.#config;
    const limits = { requestTimeoutMs, maxIdleMs: connectionsMaxIdleMs };
    const connection = new Connection(socket, name, limits, this.#metrics);
    try {
      const call = callWithin(requestTimeoutMs, this.#closing.signal);
      const versions = await negotiate(connection, nameOf(this.server), call);
      const usesSasl = this.#config.securityProtocol.startsWith("SASL_");
      const { authenticate } = usesSasl ? await import("./sasl/authenticate.ts") : { authenticate: undefined };
      const lifetimeMs = (await authenticate?.(connection, versions, this.#config, call)) ?? 0;
      const event = { ...name, durationMs: nowMs() - startedAtMs };
      channels.connected.publish(event);
      this.#metrics.connectionsCreated++;
      this.#metrics.connections++;
      this.#logger.debug(event, "connected to a broker");
      return { connection, versions, retiresAtMs: lifetimeMs > 0 ? nowMs() + lifetimeMs * retireAfter : Infinity };
    } catch (error) {
      connection.close();
      if (!(error instanceof NetworkError)) throw error;
      throw new NetworkError(
        `${error.message} before it said who it is: it may expect another security.protocol`,
        error,
      );
    }
  }

  #nameOf(lane: string): ConnectionName {
    return { clientId: this.#config.clientId, nodeId: this.#nodeId, ...this.server, lane };
  }

  #lost({ connection }: Channel): void {
    const reason = connection.end!;
    this.#metrics.connections--;
    this.#tellDisconnected(connection.name, reason, true);
    if (reason instanceof ClosedError) return;
    this.#backOff();
    this.#onLost();
  }

  #backOff(): void {
    const { reconnectBackoffMs: initialMs, reconnectBackoffMaxMs: maxMs } = this.#config;
    this.#notBeforeMs = nowMs() + backoffMs({ initialMs, maxMs }, this.#failures++);
  }

  #tellDisconnected(name: ConnectionName, error: Error, wasReady: boolean): void {
    channels.disconnected.publish({ ...name, reason: error.message, wasReady });
    const quiet = error instanceof ClosedError;
    this.#logger[quiet ? "debug" : "warn"]({ ...name, reason: error.message }, "a connection ended");
  }
}
