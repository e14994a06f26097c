/** A file system of some megabytes without a superuser: a tmpfs in a mount namespace of its own, where they exist. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";

/** Does the system let its users mount? Some containers and kernels do not. */
export const canMount = (() => {
  try {
    execFileSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

export class SmallDisk {
  readonly #shell: ChildProcess;
  readonly #lines: Interface;

  private constructor(shell: ChildProcess) {
    this.#shell = shell;
    this.#lines = createInterface(shell.stdout!);
  }

  static async at(folder: string, megabytes: number): Promise<SmallDisk> {
    const shell = spawn("unshare", ["-rm", "sh", "-c", 'while read -r line; do eval "$line" && echo done; done']);
    const disk = new SmallDisk(shell);
    await disk.#run(`mount -t tmpfs -o size=${megabytes}m tmpfs '${folder}'`);
    return disk;
  }

  /** A command that runs another one where the disk can be seen. */
  get within(): string[] {
    return ["nsenter", "-t", String(this.#shell.pid), "--user", "--preserve-credentials", "--mount"];
  }

  async grow(folder: string, megabytes: number): Promise<void> {
    await this.#run(`mount -o remount,size=${megabytes}m '${folder}'`);
  }

  async #run(line: string): Promise<void> {
    this.#shell.stdin!.write(`${line}\n`);
    await once(this.#lines, "line");
  }

  /** It goes with all that it holds. */
  async end(): Promise<void> {
    const gone = once(this.#shell, "close");
    this.#shell.stdin!.end();
    await gone;
  }
}
