/** A terminal of somebody who follows a README: one command at a time, and what it prints, line by line. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface Printed {
  readonly text: string;
  readonly atMs: number;
}

export class Terminal {
  /** What the README has not named yet. */
  readonly unread: Printed[] = [];
  #command: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  get isBusy(): boolean {
    return this.#command !== undefined;
  }

  type(command: string, folder: string, env: Readonly<Record<string, string>>): void {
    const shell = spawn("bash", ["-c", command], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a process group of its own: a key reaches all of it
    });
    this.#command = shell;
    const outputs = [shell.stdout, shell.stderr].map((input) =>
      once(
        createInterface({ input }).on("line", (text) => this.#print(text)),
        "close",
      ),
    );
    this.#ended = Promise.all([once(shell, "exit"), ...outputs]).then(() => {
      this.#command = undefined;
    });
  }

  /** As a terminal does it at a key: all processes of the command get the signal. @returns when they have ended. */
  press(signal: "SIGINT" | "SIGKILL"): Promise<void> {
    const { pid, exitCode, signalCode } = this.#command ?? {};
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
    return this.#ended;
  }

  /** When the command has ended and all it printed is there. */
  ended(): Promise<void> {
    return this.#ended;
  }

  #print(text: string): void {
    const isNpms = text.startsWith("npm warn"); // about the settings of whoever runs it
    const isFirstAndEmpty = text === "" && this.unread.length === 0;
    if (!isNpms && !isFirstAndEmpty) this.unread.push({ text, atMs: Date.now() });
  }
}
