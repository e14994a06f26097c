/** A broker as a process, started as its users start it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(new URL("../../bin/regroup.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class RunningBroker {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = "";
  #stderr = "";
  readonly #changed = new Set<() => void>();

  /**
   * @param limit of the shell, as `ulimit` takes it.
   * @param within a command that runs another one: the rest of its arguments.
   */
  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    limit = "",
    within: readonly string[] = [],
  ) {
    const command = [...within, process.execPath, launcher, "serve", ...args];
    const shell = ["-c", `${limit === "" ? "" : `ulimit ${limit}; `}exec "$0" "$@"`];
    this.child = spawn("/bin/sh", [...shell, ...command], { env: { ...process.env, ...environment } });
    this.child.stdout!.on("data", (chunk) => this.#took(() => (this.#stdout += chunk)));
    this.child.stderr!.on("data", (chunk) => this.#took(() => (this.#stderr += chunk)));
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code) => {
        this.#took(() => undefined);
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  /** @returns the first match in what it printed or logged, once it stands there. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stdout + this.#stderr);
      if (match !== null) return match;
      if (this.child.exitCode !== null) throw new Error(`ended without ${pattern}:\n${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => this.#changed.add(resolve));
    }
  }

  async port(): Promise<number> {
    return Number((await this.says(/listens on \S+:(\d+)/))[1]);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }

  #took(take: () => void): void {
    take();
    for (const resolve of this.#changed) resolve();
    this.#changed.clear();
  }
}

export const anyPort = ["-o", "listeners=PLAINTEXT://127.0.0.1:0"];

/** Runs the work with a broker that is gone afterwards. */
export async function withBroker<T>(args: readonly string[], work: (broker: RunningBroker) => Promise<T>): Promise<T> {
  const broker = new RunningBroker(args);
  try {
    return await work(broker);
  } finally {
    await broker.stop("SIGKILL");
  }
}

export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "regroup-server-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A connection that gathers what comes, and tells when the broker ended it. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  received = Buffer.alloc(0);
  readonly #arrived = new Set<() => void>();

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      for (const resolve of this.#arrived) resolve();
      this.#arrived.clear();
    });
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => this.socket.on("close", () => resolve()));
  }

  send(hex: string): void {
    this.socket.write(Buffer.from(hex, "hex"));
  }

  async receivesBytes(count: number): Promise<Buffer> {
    while (this.received.length < count) await new Promise<void>((resolve) => this.#arrived.add(resolve));
    return this.received;
  }
}

/** A whole frame: ApiVersions version 0, so that it is answered in plain form. */
export const apiVersionsFrame = (correlationId: number) =>
  `0000000a00120000${correlationId.toString(16).padStart(8, "0")}ffff`;
