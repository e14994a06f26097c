/** A broker as a process: its log, its sockets, its signals. */
import { statfs } from "node:fs/promises";
import { resolve } from "node:path";
import { type Broker, type BrokerOptions, createBroker } from "../broker/broker.ts";
import type { BrokerConfig } from "../broker/config.ts";
import type { LogDir, Logger } from "../broker/context.ts";
import { openFileLog } from "../log/file/recovery.ts";
import { type Log, LogError } from "../log/log.ts";
import { openMemoryLog } from "../log/memory/memory-log.ts";
import { nodeDisk } from "../platform/disk.ts";
import { nodePlatform } from "../platform/node-platform.ts";
import { installUtf8 } from "../protocol/utf8.ts";
import { FrameBuffers } from "./frame-buffers.ts";
import { Listeners, StartError } from "./listen.ts";
import { machineClock, machineRng } from "./machine-clock.ts";
import { mostSegmentsOpen } from "./open-files.ts";

export interface ServeOptions {
  readonly config: BrokerConfig;
  /** Keeps everything in memory; nothing is left behind. */
  readonly ephemeral: boolean;
  readonly logger: Logger;
  /** The disk refused: nothing more can be promised, the process is to end. */
  readonly onFailure: (error: unknown) => void;
  /** What the broker is made with in place of the machine's clock and chance, and the log that stays in memory. */
  readonly parts?: Partial<Pick<BrokerOptions, "clock" | "rng" | "log" | "intercept" | "onGroupFact">>;
}

export interface RunningServer {
  readonly broker: Broker;
  readonly listeners: Listeners;
  /** Absolute; undefined when ephemeral. */
  readonly folder: string | undefined;
  /** Answers what is parked, makes all durable, closes. */
  stop(): Promise<void>;
}

/** Time for clients to take their last answers. */
const closeClientsWithinMs = 500;

/** @throws {StartError} {@link ConfigError} when a port or the folder cannot be had, or a config is wrong. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { config, ephemeral, logger, parts } = options;
  installUtf8(nodePlatform);
  const listeners = await Listeners.open(config);
  const buffers = new FrameBuffers();
  let close: (() => Promise<void>) | undefined;
  try {
    const endpoints = listeners.endpoints(config);
    const folder = ephemeral ? undefined : resolve(config.get("log.dirs")?.[0] ?? config.get("log.dir") ?? "data");
    const log = parts?.log ?? (folder === undefined ? memoryLog(config) : await fileLog(folder, options, buffers));
    close = () => log.close();
    const seams = { clock: machineClock, rng: machineRng, platform: nodePlatform };
    const broker = createBroker({
      ...seams,
      ...parts,
      log,
      config,
      logger,
      ...(folder === undefined ? {} : { logDir: logDirOf(folder) }),
    });
    close = () => broker.stop();
    await broker.start(endpoints);
    listeners.serve(broker, config, logger, buffers);
    return { broker, listeners, folder, stop: () => stop(broker, listeners) };
  } catch (error) {
    listeners.stopAccepting();
    await close?.();
    throw error;
  }
}

async function stop(broker: Broker, listeners: Listeners): Promise<void> {
  listeners.stopAccepting();
  listeners.stopReading();
  await broker.stop();
  await new Promise((done) => setImmediate(done)); // what was parked has its answer in this turn
  await listeners.closeClients(closeClientsWithinMs);
}

function logDirOf(path: string): LogDir {
  return {
    path,
    async space() {
      const { bsize, blocks, bavail } = await statfs(path);
      return { totalBytes: bsize * blocks, usableBytes: bsize * bavail };
    },
  };
}

function memoryLog(config: BrokerConfig): Log {
  return openMemoryLog({
    platform: nodePlatform,
    get producerIdExpirationMs() {
      return config.get("producer.id.expiration.ms"); // it may be altered
    },
  });
}

async function fileLog(folder: string, options: ServeOptions, buffers: FrameBuffers): Promise<Log> {
  const { config, logger, onFailure, parts } = options;
  try {
    return await openFileLog({
      disk: nodeDisk,
      platform: nodePlatform,
      folder,
      // Whoever looks on may keep what is answered: that memory is not used again.
      ...(parts?.intercept === undefined ? { memory: (bytes) => buffers.take(bytes) } : {}),
      maxOpenFiles: mostSegmentsOpen(),
      flushIntervalMessages: config.get("log.flush.interval.messages"),
      get producerIdExpirationMs() {
        return config.get("producer.id.expiration.ms");
      },
      wallMs: machineClock.now().wallMs,
      onFailure: (error) => {
        if (!isFull(error.cause)) return onFailure(error);
        logger.error(
          { err: error },
          "the disk is full: nothing is written any more, reads go on; make room and restart",
        );
      },
      onCut: (what) => logger.warn({}, what),
      onDamage: ({ topic, partition }, error) =>
        logger.error({ err: error, topic, partition }, `${topic}-${partition} is damaged and serves no more`),
    });
  } catch (error) {
    if (error instanceof LogError) throw new StartError(error.message, { cause: error });
    if (!isSystemError(error)) throw error;
    throw new StartError(`log.dirs: ${folder} cannot be used: ${error.message}`, { cause: error });
  }
}

/** Nothing on the disk is in doubt: it may still be read. */
function isFull(cause: unknown): boolean {
  return isSystemError(cause) && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
}

/** No such folder, no right to write there, no room. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
