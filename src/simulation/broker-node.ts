/** A broker as a process that may die and start again: the real one, over the log that its cluster gives it. */
import { type Broker, createBroker } from "../broker/broker.ts";
import { BrokerConfig } from "../broker/config.ts";
import type { BrokerConnection } from "../broker/connection.ts";
import type { LedPartition, Logger } from "../broker/context.ts";
import type { GroupRuntime, GroupWatch } from "../broker/group-runtime.ts";
import type { TransactionWatch } from "../broker/transaction-runtime.ts";
import type { Log } from "../log/log.ts";
import { withoutSize } from "./frames.ts";
import { type ClockFaults, Process } from "./process.ts";
import type { World } from "./world.ts";

export interface BrokerSeams {
  readonly config: ReadonlyMap<string, string>;
  readonly clock: ClockFaults;
  /** Opens what is left of the log. @param failed the disk refused: the process is to end. */
  openLog(node: BrokerNode, failed: () => void): Promise<Log>;
  /** The broker has started; it serves when this resolves. */
  started(node: BrokerNode, broker: Broker): Promise<void>;
  /** It has died; someone may start it again. */
  died(node: BrokerNode): void;
  readonly watchGroups: (node: BrokerNode) => GroupWatch;
  readonly watchTransactions: (node: BrokerNode) => TransactionWatch;
  /** The broker reports an error: a defect, unless the world did something to it. */
  failed(node: BrokerNode, message: string, error: unknown): void;
  /** A frame has come in, and is to be handed on; and those that go out. */
  asked(node: BrokerNode, connection: BrokerConnection, frame: Uint8Array): void;
  answers(node: BrokerNode, connection: BrokerConnection, frame: Uint8Array): void;
}

/** Where the frames of a connection go. */
export interface Downstream {
  send(frame: Uint8Array): void;
  close(): void;
}

export class BrokerNode {
  readonly id: number;
  readonly world: World;
  readonly #seams: BrokerSeams;
  process: Process;
  broker: Broker | undefined;
  isUp = false;
  starts = 0;

  constructor(world: World, id: number, seams: BrokerSeams) {
    this.world = world;
    this.id = id;
    this.#seams = seams;
    this.process = new Process(world, this.name, seams.clock);
    this.process.die();
  }

  get name(): string {
    return `broker-${this.id}`;
  }

  get isStopping(): boolean {
    return this.process.isAlive && this.broker !== undefined && !this.isUp;
  }

  /** The real runtime of its group shards. */
  get groups(): GroupRuntime {
    return this.broker!.services.groups as GroupRuntime;
  }

  start(): void {
    if (this.process.isAlive) return;
    const { world } = this;
    this.starts++;
    this.process = new Process(world, this.name, this.#seams.clock);
    world.tell(() => `${this.name} starts`);
    world.wentAsync();
    const { process } = this;
    this.#start(process).catch((error) => {
      if (process.isAlive) this.#seams.failed(this, "it does not start", error);
    });
  }

  async #start(process: Process): Promise<void> {
    const seams = this.#seams;
    const log = await seams.openLog(this, () => {
      if (process.isAlive) this.die();
    });
    if (!process.isAlive) return;
    const clock = {
      now: () => process.now(),
      after: (delayMs: number, callback: () => void) =>
        process.after(delayMs, () => {
          this.world.wentAsync();
          callback();
        }),
    };
    const broker = createBroker({
      clock,
      rng: this.world.random.fork(`${this.name} start ${this.starts}`),
      platform: this.world.platform,
      log,
      config: new BrokerConfig(new Map([...seams.config, ["node.id", String(this.id)]])),
      logger: this.#logger(process),
      watchGroups: seams.watchGroups(this),
      watchTransactions: seams.watchTransactions(this),
    });
    await broker.start(new Map([["PLAINTEXT", { host: this.name, port: 9092 }]]));
    if (!process.isAlive) return;
    this.broker = broker;
    await seams.started(this, broker);
    if (!process.isAlive) return;
    this.isUp = true;
    this.world.tell(() => `${this.name} serves`);
  }

  #logger(process: Process): Logger {
    const quiet = () => {};
    const error = (fields: object, message: string) => {
      if (process.isAlive) this.#seams.failed(this, message, (fields as { err?: unknown }).err);
    };
    return { debug: quiet, info: quiet, warn: quiet, error };
  }

  /** It is told to end: what is parked is answered, the log is closed; then its process is over. */
  stop(): void {
    const { process, broker, world } = this;
    if (!process.isAlive || broker === undefined || !this.isUp) return;
    world.tell(() => `${this.name} stops`);
    world.wentAsync();
    this.isUp = false;
    broker.stop().then(
      () => {
        if (!process.isAlive) return;
        if (process.alarms > 0)
          world.violated("nothing is left over", `${process.alarms} timers of ${this.name}, stopped`);
        this.die();
      },
      (error) => {
        if (!process.isAlive) return;
        this.#seams.failed(this, "it does not stop", error);
        this.die();
      },
    );
  }

  /** Nothing that it does, or that reaches it, has an effect any more. */
  die(): void {
    if (!this.process.isAlive) return;
    this.world.tell(() => `${this.name} dies`);
    this.process.die();
    this.isUp = false;
    this.broker = undefined;
    this.#seams.died(this);
  }

  /** @returns undefined when nobody listens. */
  accept(clientHost: string, { send, close }: Downstream) {
    const { process, broker } = this;
    if (!this.isUp || broker === undefined) return undefined;
    const connection: BrokerConnection = broker.connect({
      clientHost,
      listener: "PLAINTEXT",
      isBehind: false,
      send: (pieces) => {
        if (!process.isAlive) return;
        const frame = withoutSize(pieces);
        this.#seams.answers(this, connection, frame);
        send(frame);
      },
      close: () => process.isAlive && close(),
      pauseReading() {},
    });
    return { process, connection };
  }

  receive(connection: BrokerConnection, frame: Uint8Array): void {
    this.world.wentAsync();
    this.#seams.asked(this, connection, frame);
  }

  /** The cluster has given it a partition, or taken one away. */
  lead(partition: LedPartition): void {
    this.world.wentAsync();
    this.groups.lead(partition);
  }

  /** Under the next leader epoch; a process that a fault ends meanwhile does not. */
  leadAnew(topic: string, partition: number): void {
    const { process, broker, world } = this;
    if (!this.isUp || broker === undefined) return;
    world.wentAsync();
    broker.leadAnew(topic, partition).catch((error) => {
      const isGone = () => !process.isAlive || !this.isUp;
      world.after(5000, () => isGone() || this.#seams.failed(this, `${topic}-${partition} is not led`, error));
    });
  }

  resign(partition: number, leaderEpoch: number): void {
    this.world.wentAsync();
    this.groups.resign(partition, leaderEpoch);
  }
}
