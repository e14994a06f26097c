/** A broker from one start until it stops or crashes. What outlives it (disk, ports, history) is given to the next. */
import { loadConfig } from "../broker/config-sources.ts";
import type { BrokerServices, Logger } from "../broker/context.ts";
import type { Interceptor } from "../broker/interceptor.ts";
import type { Rng } from "../coordinator/clock.ts";
import type { GroupFact } from "../group/facts.ts";
import { openFileLog } from "../log/file/recovery.ts";
import { nodePlatform } from "../platform/node-platform.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { type RunningServer, serve } from "../server/serve.ts";
import { type StartBrokerOptions, settingsOf } from "./options.ts";
import { turn } from "./real-time.ts";
import { MortalClock, type TestClock } from "./test-clock.ts";
import type { TestDisk } from "./test-disk.ts";

/** Small: the broker of a test starts in a few milliseconds. */
const journalFileBytes = 256 * 1024;
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface LifeOptions {
  readonly options: StartBrokerOptions;
  /** By node. */
  readonly listeners: readonly string[];
  /** By node, where they were before; empty at the first start. */
  readonly ports: readonly number[];
  readonly clock: TestClock;
  readonly rng: Rng;
  readonly disk: TestDisk;
  readonly intercept: Interceptor;
  readonly onGroupFact: (fact: GroupFact) => void;
}

export class Life {
  readonly ports: readonly number[];
  readonly #server: RunningServer;
  readonly #mortal: Mortal;

  private constructor(server: RunningServer, mortal: Mortal) {
    this.#server = server;
    this.#mortal = mortal;
    this.ports = server.listeners.bound.map(({ port }) => port);
  }

  /** @throws {ConfigError} {@link StartError} when a config is wrong, or a port is taken. */
  static async begin({ options, listeners, ports, rng, disk, ...given }: LifeOptions): Promise<Life> {
    const { config, warnings } = loadConfig(settingsOf(options, listeners, ports));
    const mortal = new Mortal(given, options.logger ?? silent);
    const { clock, logger, intercept, onGroupFact } = mortal;
    for (const warning of warnings) logger.warn({}, warning);
    const log = await openFileLog({
      ...{ disk, platform: nodePlatform, folder: "data", journalFileBytes },
      get producerIdExpirationMs() {
        return config.get("producer.id.expiration.ms");
      },
      wallMs: clock.now().wallMs,
    });
    const parts = { clock, rng, log, intercept, onGroupFact };
    const onFailure = (error: unknown) => logger.error({ err: error }, "the disk of the test's broker failed");
    const life = new Life(await serve({ config, ephemeral: true, logger, onFailure, parts }), mortal);
    await life.#groupsLoaded();
    return life;
  }

  get services(): BrokerServices {
    return this.#server.broker.services;
  }

  leadAnew(topic: string, partition: number): Promise<void> {
    return this.#server.broker.leadAnew(topic, partition);
  }

  /** All at once: connections break, timers stop, nothing is said or logged any more. */
  crash(): void {
    this.#mortal.die();
    this.#server.listeners.cut();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    this.#mortal.die();
  }

  /** Otherwise a state that is awaited just after a restart would come without anything that happens. */
  async #groupsLoaded(): Promise<void> {
    const { groups, metadata } = this.services;
    const request = { version: 5, clientId: "", clientHost: "", body: { groupId: "" } };
    for (const { partition } of metadata.topic("__consumer_offsets")?.partitions ?? []) {
      for (;;) {
        const outcome = await groups.submit(partition, "DescribeGroup", request);
        if (outcome.ok || outcome.errorCode !== ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) break;
        await turn();
      }
    }
  }
}

type Given = Pick<LifeOptions, "clock" | "intercept" | "onGroupFact">;

/** What the broker is given, until it dies. */
class Mortal {
  readonly clock: MortalClock;
  readonly logger: Logger;
  readonly intercept: Interceptor;
  readonly onGroupFact: (fact: GroupFact) => void;
  #isDead = false;

  constructor({ clock, intercept, onGroupFact }: Given, logger: Logger) {
    this.clock = new MortalClock(clock);
    const unlessDead = (say: () => void) => {
      if (!this.#isDead) say();
    };
    this.logger = {
      debug: (fields, message) => unlessDead(() => logger.debug(fields, message)),
      info: (fields, message) => unlessDead(() => logger.info(fields, message)),
      warn: (fields, message) => unlessDead(() => logger.warn(fields, message)),
      error: (fields, message) => unlessDead(() => logger.error(fields, message)),
    };
    const never = new Promise<undefined>(() => undefined);
    this.intercept = (call) => {
      const handle: typeof call.handle = (request, context) => (this.#isDead ? never : call.handle(request, context));
      return this.#isDead ? undefined : intercept({ ...call, handle }); // a fault may hold it until after the end
    };
    this.onGroupFact = (fact) => unlessDead(() => onGroupFact(fact));
  }

  die(): void {
    this.#isDead = true;
    this.clock.die();
  }
}
