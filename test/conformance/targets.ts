import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");
const kit = join(import.meta.dirname, "../kafka/kafka");
const run = promisify(execFile);

export type TargetName = "kafka" | "regroup";

/** A broker that the suite has started, and stops. */
export interface Target {
  readonly address: string;
  /** SIGKILL, then the same broker again: same data, same address. */
  killAndRestart(): Promise<void>;
  /** SIGTERM, then the same broker again. */
  stopAndRestart(): Promise<void>;
  /** Stops it and removes its data. */
  end(): Promise<void>;
}

export interface StartOptions {
  settings: Record<string, string | number | boolean>;
  /** Its data outlives a restart; Kafka's always does. */
  durable: boolean;
}

export function startTarget(name: TargetName, options: StartOptions): Promise<Target> {
  return name === "kafka" ? startKafka(options) : startRegroup(options);
}

async function startKafka({ settings }: StartOptions): Promise<Target> {
  const dir = await mkdtemp(join(tmpdir(), "conformance-kafka-"));
  const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  // So short a life does not pay for the second compiler: without it Kafka is up in half the time.
  const env = { ...process.env, KAFKA_HEAP_OPTS: "-Xms256M -Xmx512M -XX:TieredStopAtLevel=1" };
  const kafka = async (...args: string[]) => (await run(kit, [...args, "--dir", dir], { env })).stdout.trim();
  const address = await kafka("start", "--port", "0", ...options);
  return {
    address,
    killAndRestart: async () => {
      await kafka("stop", "--kill");
      await kafka("start");
    },
    stopAndRestart: async () => {
      await kafka("stop");
      await kafka("start");
    },
    end: async () => {
      await kafka("stop", "--kill");
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function startRegroup({ settings, durable }: StartOptions): Promise<Target> {
  const dir = await mkdtemp(join(tmpdir(), "conformance-regroup-"));
  const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  const storage = durable ? ["-o", `log.dirs=${dir}`] : ["--ephemeral"];
  const start = (port: number | string) => {
    const listeners = ["-o", `listeners=PLAINTEXT://127.0.0.1:${port}`];
    return launch(["bin/regroup.js", "serve", ...storage, ...listeners, ...options]);
  };
  let { child, address } = await start(0);
  const port = address.slice(address.lastIndexOf(":") + 1);
  const again = async (signal: NodeJS.Signals) => {
    await end(child, signal);
    ({ child } = await start(port));
  };
  return {
    address,
    killAndRestart: () => again("SIGKILL"),
    stopAndRestart: () => again("SIGTERM"),
    end: async () => {
      await end(child, "SIGKILL");
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What must not outlive this process, whatever goes wrong. */
const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** Starts Node and awaits the line that says where it listens. */
function launch(args: string[]): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  return new Promise((resolve, reject) => {
    let said = "";
    const listen = (chunk: Buffer) => {
      said = (said + chunk).slice(-10_000);
      const address = /127\.0\.0\.1:[1-9]\d*/.exec(said)?.[0];
      if (!address) return;
      for (const stream of [child.stdout, child.stderr]) stream.off("data", listen).resume();
      unref(child);
      resolve({ child, address });
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("exit", (code) => reject(new Error(`regroup ended with ${code} before it listened:\n${said}`)));
    child.once("error", reject);
  });
}

/** A broker that runs does not keep this process from ending; what it writes is read on, so that it never blocks. */
function unref(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.unref();
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.ref();
  child.kill(signal);
  await ended;
}
