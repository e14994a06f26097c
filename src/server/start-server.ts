/** A broker for programs: what `regroup serve` does, without a command line, signals and output. */
import { loadConfig } from "../broker/config-sources.ts";
import type { Logger } from "../broker/context.ts";
import { serve } from "./serve.ts";

/** What {@link startServer} takes. */
export interface StartServerOptions {
  /** Kafka's names and values, as in server.properties: `{ "log.dirs": "/tmp/data", "num.partitions": "6" }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Keeps everything in memory; nothing is left behind. */
  readonly ephemeral?: boolean;
  /** Where log lines go; pino's loggers fit. Nowhere by default. */
  readonly logger?: Logger;
  /** The disk refused: nothing more is promised. By default the error is thrown where nothing catches it. */
  readonly onFailure?: (error: unknown) => void;
}

/** A broker that listens. */
export interface StartedServer {
  /** "host:port" of the first listener, as clients are told; what they take as bootstrap servers. */
  readonly bootstrapServers: string;
  /** Answers what is parked, makes all durable, closes. */
  close(): Promise<void>;
}

/** @throws {StartError} when a port or the folder is another's. @throws {ConfigError} when a config is wrong. */
export async function startServer(options: StartServerOptions = {}): Promise<StartedServer> {
  const { ephemeral = false, logger = silent, onFailure = throwUncaught } = options;
  const where = "given to startServer";
  const settings = Object.entries(options.config ?? {}).map(([key, value]) => ({ key, value, where }));
  const { config, warnings } = loadConfig(settings);
  for (const warning of warnings) logger.warn({}, warning);
  const server = await serve({ config, ephemeral, logger, onFailure });
  const { host, port } = server.broker.services.endpoint(server.listeners.bound[0]!.name);
  return { bootstrapServers: `${host}:${port}`, close: server.stop };
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function throwUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
