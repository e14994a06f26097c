/** The broker that is killed: `regroup serve` on one folder and one port, life after life. */
import { createServer } from "node:net";
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

export class Victim {
  readonly port: number;
  readonly #folder: string;
  #life: RunningBroker | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  static async on(folder: string): Promise<Victim> {
    return new Victim(folder, await freePort());
  }

  /** @returns a promise of the milliseconds until it served; rejects when it ended instead. */
  start(more: Readonly<Record<string, string>> = {}): Promise<number> {
    const all = { listeners: `PLAINTEXT://127.0.0.1:${this.port}`, "log.dirs": this.#folder, ...settings, ...more };
    const startMs = performance.now();
    this.#life = new RunningBroker(Object.entries(all).flatMap(([key, value]) => ["-o", `${key}=${value}`]));
    return this.#life.port().then(() => performance.now() - startMs);
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
