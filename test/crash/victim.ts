/** The broker that is killed: `regroup serve` on one folder and one port, life after life. */
import { RunningBroker } from "../server/running.ts";

/** Rounds of retention and compaction come often, and internal segments are small: kills are to meet them. */
const settings = {
  "log.retention.check.interval.ms": "150",
  "log.cleaner.backoff.ms": "150",
  "log.segment.delete.delay.ms": "100",
  "offsets.topic.segment.bytes": "1048576",
  "offsets.topic.num.partitions": "4",
  "group.initial.rebalance.delay.ms": "0",
};

export class Victim implements AsyncDisposable {
  /** The one that was free at its first start. */
  port = 0;
  readonly #folder: string;
  #life: RunningBroker | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns the milliseconds until it served. @throws when it ended instead. */
  async start(more: Readonly<Record<string, string>> = {}): Promise<number> {
    const all = { listeners: `PLAINTEXT://127.0.0.1:${this.port}`, "log.dirs": this.#folder, ...settings, ...more };
    const startMs = performance.now();
    this.#life = new RunningBroker(Object.entries(all).flatMap(([key, value]) => ["-o", `${key}=${value}`]));
    this.port = await this.#life.port();
    return performance.now() - startMs;
  }

  /**
   * SIGKILL, and nothing else: whoever ended by itself, or had an error to tell, has failed.
   * @returns what it told of errors.
   */
  async kill(): Promise<string[]> {
    const life = this.#life!;
    const wasAlive = life.child.exitCode === null;
    const { code, stderr, stdout } = await life.stop("SIGKILL");
    const errors = `${stdout}\n${stderr}`.split("\n").filter((line) => /"level":(50|60)/.test(line));
    if (!wasAlive) errors.push(`the broker ended by itself with ${code}:\n${stderr}`);
    return errors;
  }

  /** A run that fails leaves no broker behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life?.stop("SIGKILL");
  }
}
