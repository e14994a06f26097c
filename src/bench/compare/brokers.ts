/** The brokers that are compared: regroup as npm installs it, and Apache Kafka by the kit of test/kafka/. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { launchBroker, stopBroker } from "../start-broker.ts";

const root = join(import.meta.dirname, "../../..");
const kit = join(root, "test/kafka/kafka");
const runFile = promisify(execFile);

export type Product = "regroup" | "kafka";
/** fsync: durable before the answer. os: left to the operating system. memory: nothing is kept. */
export type Setting = "fsync" | "os" | "memory";

export interface Broker {
  readonly product: Product;
  readonly setting: Setting;
  readonly server: string;
  readonly pid: number;
  /** Ends it as SIGTERM does; its data stays. */
  stop(): Promise<void>;
  /** Ends it as SIGKILL does. */
  kill(): Promise<void>;
  /** Starts it again where it was. Resolves as soon as the process is on its way. */
  startAgain(): Promise<void>;
}

const flushOfKafka = { fsync: ["-o", "log.flush.interval.messages=1"], os: [], memory: [] };
const flushOfRegroup = {
  fsync: [],
  os: ["-o", "log.flush.interval.messages=9007199254740991"],
  memory: ["--ephemeral"],
};
/** The kit sets it for Kafka. Both begin the first rebalance of a group at once. */
const alike = ["-o", "group.initial.rebalance.delay.ms=0", "-o", "num.partitions=4"];

export class Brokers implements AsyncDisposable {
  /** Of all their data. */
  readonly folder: string;
  /** Also those that are on their way. */
  readonly #open = new Set<Promise<Broker>>();
  #isClosed = false;
  #count = 0;
  /** bin/regroup.js beside a dist/, and beside the source alone, as in a fresh clone. */
  readonly packaged: string;
  readonly source: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.packaged = join(folder, "package/bin/regroup.js");
    this.source = join(folder, "source/bin/regroup.js");
  }

  static async open(): Promise<Brokers> {
    const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
    const brokers = new Brokers(folder);
    const target = join(folder, "package");
    const built = spawnSync(process.execPath, ["scripts/build.js", join(target, "dist")], {
      cwd: root,
      stdio: "ignore",
    });
    // Declarations that do not check are no matter of the bundles, which are written first.
    if (built.error !== undefined) throw built.error;
    await put(target, ["node_modules"]);
    await put(join(folder, "source"), ["node_modules", "scripts", "src"]);
    return brokers;
  }

  /** @param program of regroup, bin/regroup.js. */
  async start(product: Product, setting: Setting, program = this.packaged): Promise<Broker> {
    if (this.#isClosed) throw new Error("the run has ended");
    const starting = this.#begin(product, setting, program);
    this.#open.add(starting);
    return starting;
  }

  async #begin(product: Product, setting: Setting, program: string): Promise<Broker> {
    const folder = join(this.folder, `data-${this.#count++}`);
    await mkdir(folder);
    return product === "kafka" ? kafka(folder, setting) : regroup(program, folder, setting);
  }

  /** Also of a run that a signal ends while brokers start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const starting of await Promise.allSettled(this.#open)) {
      if (starting.status === "fulfilled") await starting.value.stop().catch((error: unknown) => console.error(error));
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The launcher, and links to what it needs. */
async function put(folder: string, linked: readonly string[]): Promise<void> {
  for (const part of ["bin", "package.json"]) await cp(join(root, part), join(folder, part), { recursive: true });
  for (const part of linked) await symlink(join(root, part), join(folder, part));
}

/** @param port 0 is any that is free. */
function argumentsOfRegroup(folder: string, setting: Setting, port: number): string[] {
  const where = ["-o", `listeners=PLAINTEXT://127.0.0.1:${port}`, "-o", `log.dirs=${folder}`];
  return ["serve", "--log-level", "error", ...where, ...alike, ...flushOfRegroup[setting]];
}

async function regroup(program: string, folder: string, setting: Setting): Promise<Broker> {
  let running = await launchBroker(program, argumentsOfRegroup(folder, setting, 0));
  const { port } = running;
  return {
    product: "regroup",
    setting,
    server: `127.0.0.1:${port}`,
    get pid() {
      return running.process.pid!;
    },
    stop: () => stopBroker(running),
    kill: () => stopBroker(running, "SIGKILL"),
    startAgain: async () => {
      running = {
        port,
        process: spawn(process.execPath, [program, ...argumentsOfRegroup(folder, setting, port)], { stdio: "ignore" }),
      };
    },
  };
}

async function kafka(folder: string, setting: Setting): Promise<Broker> {
  const { stdout } = await runFile(kit, ["start", "--port", "0", "--dir", folder, ...flushOfKafka[setting]]);
  let started: Promise<unknown> = Promise.resolve();
  return {
    product: "kafka",
    setting,
    server: stdout.trim(),
    get pid() {
      return Number(readFileSync(join(folder, "kafka.pid"), "utf8"));
    },
    stop: async () => {
      await started;
      await runFile(kit, ["stop", "--dir", folder]);
    },
    kill: async () => {
      await started;
      await runFile(kit, ["stop", "--dir", folder, "--kill"]);
    },
    startAgain: async () => {
      started = runFile(kit, ["start", "--dir", folder]);
      started.catch(() => undefined); // told when it is to stop
    },
  };
}

/** Of what is on this machine; undefined: it is not. */
export interface Versions {
  readonly regroup: string;
  readonly node: string;
  readonly kafka: string;
  readonly java: string | undefined;
  readonly kcat: string | undefined;
  readonly librdkafka: string | undefined;
}

export function versions(): Versions {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const pom = readFileSync(join(root, "test/kafka/pom.xml"), "utf8");
  const java = spawnSync("java", ["-version"], { encoding: "utf8" });
  const kcat = spawnSync("kcat", ["-V"], { encoding: "utf8" });
  const ofKcat = (version: RegExp) => (kcat.status === 0 ? (version.exec(kcat.stdout)?.[1] ?? "–") : undefined);
  return {
    regroup: version,
    node: process.versions.node,
    kafka: /<kafka.version>(.*)<\/kafka.version>/.exec(pom)![1]!,
    java: java.status === 0 ? (/"(.*?)"/.exec(java.stderr)?.[1] ?? "–") : undefined,
    kcat: ofKcat(/^Version ([\d.]+)/m),
    librdkafka: ofKcat(/librdkafka ([\d.]+)/),
  };
}

/** One of Kafka's own tools. @returns what it printed. */
export async function kafkaTool(...args: readonly string[]): Promise<string> {
  return (await runFile(kit, [...args], { maxBuffer: 64 * 1024 * 1024 })).stdout;
}
