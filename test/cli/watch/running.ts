/** `regroup …` and members of groups as processes, which can be crashed. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isKafka } from "../../client/broker.ts";

const launcher = fileURLToPath(new URL("../../../bin/regroup.js", import.meta.url));
const memberFile = fileURLToPath(new URL("member.ts", import.meta.url));

export class Running implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  stdout = "";
  stderr = "";
  readonly #changed = new Set<() => void>();

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, args, { env: { ...process.env, NO_COLOR: "1" } });
    this.child.stdout!.setEncoding("utf8").on("data", (text) => this.#took(() => (this.stdout += text)));
    this.child.stderr!.setEncoding("utf8").on("data", (text) => this.#took(() => (this.stderr += text)));
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code) => {
        this.#took(() => undefined);
        resolve(code);
      });
    });
  }

  /** What `look` finds in what was printed, once it does. @throws when the process ends without. */
  async shows<T>(what: string, look: (stdout: string) => T | undefined): Promise<T> {
    for (;;) {
      const found = look(this.stdout);
      if (found !== undefined) return found;
      const { exitCode, signalCode } = this.child;
      if (exitCode !== null || signalCode !== null) throw new Error(`no ${what}:\n${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => this.#changed.add(resolve));
    }
  }

  stop(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }

  #took(take: () => void): void {
    take();
    for (const resolve of this.#changed) resolve();
    this.#changed.clear();
  }
}

export const regroup = (...args: readonly string[]) => new Running([launcher, ...args]);

/** Reads the topic until SIGTERM has it leave its group. Its session is the shortest that the broker allows. */
export const member = (bootstrapServers: string, groupId: string, topic: string, clientId: string) =>
  new Running([memberFile, bootstrapServers, groupId, topic, clientId, isKafka ? "6000" : "1000"]);
