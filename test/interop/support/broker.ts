/**
 * A broker as a process of its own: regroup by its launcher, or Apache Kafka by the kit (`--against kafka`), so that
 * what the interop tests expect is checked against the original too.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { RunningBroker } from "../../server/running.ts";

const run = promisify(execFile);
export const kit = join(import.meta.dirname, "../../kafka/kafka");

export interface Broker {
  /** host:port */
  readonly bootstrap: string;
  readonly dataDir: string;
  /** SIGKILL: nothing is flushed, nobody is told. */
  kill(): Promise<void>;
  /** SIGTERM, and awaits the end. */
  stop(): Promise<void>;
  /** After `kill` or `stop`: the same folder, the same port. */
  start(): Promise<void>;
  /** Stops it and deletes its folder. */
  end(): Promise<void>;
}

/** Kafka's names; short sessions are allowed, since every test would else wait for six seconds and more. */
const defaults = {
  "num.partitions": "6",
  "group.min.session.timeout.ms": "500",
  "group.initial.rebalance.delay.ms": "0",
};

export async function startBroker(config: Record<string, string> = {}): Promise<Broker> {
  const dataDir = await mkdtemp(join(tmpdir(), "regroup-interop-"));
  const settings = Object.entries({ ...defaults, ...config }).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  const against = process.env.INTEROP_AGAINST ?? "regroup";
  const broker = against === "kafka" ? kafka(dataDir, settings) : regroup(dataDir, settings);
  await broker.start();
  return broker;
}

function regroup(dataDir: string, settings: string[]): Broker {
  let port = 0; // the one that is free at its first start
  let life: RunningBroker | undefined;
  const folder = join(dataDir, "data");
  return {
    get bootstrap() {
      return `127.0.0.1:${port}`;
    },
    dataDir: folder,
    async start() {
      const where = ["-o", `listeners=PLAINTEXT://127.0.0.1:${port}`, "-o", `log.dirs=${folder}`];
      life = new RunningBroker([...where, ...settings]);
      port = await life.port();
    },
    async kill() {
      await life?.stop("SIGKILL");
    },
    async stop() {
      await life?.stop();
    },
    async end() {
      await life?.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function kafka(dataDir: string, settings: string[]): Broker {
  let bootstrap = "";
  return {
    get bootstrap() {
      return bootstrap;
    },
    dataDir: join(dataDir, "data"),
    async start() {
      const first = bootstrap === "" ? ["--port", "0", ...settings] : [];
      const { stdout } = await run(kit, ["start", "--dir", dataDir, ...first]);
      bootstrap = stdout.trim().split("\n").at(-1)!;
    },
    async kill() {
      await run(kit, ["stop", "--dir", dataDir, "--kill"]);
    },
    async stop() {
      await run(kit, ["stop", "--dir", dataDir]);
    },
    async end() {
      await run(kit, ["stop", "--dir", dataDir, "--kill"]).catch(() => undefined);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
