/**
 * A broker as a process of its own: regroup by its launcher, or Apache Kafka by the kit (`--against kafka`), so that
 * what the interop tests expect is checked against the original too.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "./until.ts";

const run = promisify(execFile);
export const kit = join(import.meta.dirname, "../../kafka/kafka");
const launcher = join(import.meta.dirname, "../../../bin/regroup.js");

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
  /** The end of what it logged, for the message of a failed test. */
  tail(): Promise<string>;
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
  const broker = against === "kafka" ? kafka(dataDir, settings) : await regroup(dataDir, settings);
  await broker.start();
  return broker;
}

async function regroup(dataDir: string, settings: string[]): Promise<Broker> {
  const port = await freePort();
  const logFile = join(dataDir, "broker.log");
  let child: ChildProcess | undefined;
  const gone = async (signal: NodeJS.Signals) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = new Promise((resolve) => child?.once("exit", resolve));
    child.kill(signal);
    await exit;
  };
  return {
    bootstrap: `127.0.0.1:${port}`,
    dataDir: join(dataDir, "data"),
    async start() {
      const where = ["-o", `listeners=PLAINTEXT://127.0.0.1:${port}`, "-o", `log.dirs=${join(dataDir, "data")}`];
      const started = spawn(process.execPath, [launcher, "serve", ...where, ...settings]);
      child = started;
      const log = createWriteStream(logFile, { flags: "a" });
      started.stdout.pipe(log, { end: false });
      started.stderr.pipe(log, { end: false });
      let isReady = false;
      started.stdout.on("data", (text) => (isReady ||= String(text).includes("listens on")));
      await until(`regroup at port ${port}`, () => isReady || started.exitCode !== null);
      if (!isReady) throw new Error(`the broker ended at its start: ${await tailOf(logFile)}`);
    },
    kill: () => gone("SIGKILL"),
    stop: () => gone("SIGTERM"),
    async end() {
      await gone("SIGTERM");
      await rm(dataDir, { recursive: true, force: true });
    },
    tail: () => tailOf(logFile),
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
    tail: () => tailOf(join(dataDir, "kafka.log")),
  };
}

async function tailOf(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.slice(-4_000);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
